import { readdirSync, readFileSync } from 'node:fs';

/** What Linux says of a thread. */
export interface ThreadStat {
  /** `R`: runs or waits for a processor. `S`: waits for something else. `T`: stopped. … */
  readonly state: string;
  readonly processorMs: number;
}

/** Linux counts processor time for programs in hundredths of a second (`USER_HZ`). */
const CLOCK_TICK_MS = 10;
/** Of the fields behind the name of the program, in `/proc/PID/stat`. */
const STATE_FIELD = 0;
const USER_TIME_FIELD = 11;
const SYSTEM_TIME_FIELD = 12;

export function statOfThisThread(): ThreadStat {
  return parse(readFileSync('/proc/thread-self/stat', 'utf8'));
}

/** Of all its threads; none if it is gone. */
export function statsOfProcess(pid: number): readonly ThreadStat[] {
  const directory = `/proc/${pid}/task`;
  try {
    return readdirSync(directory).flatMap((id) => statOf(`${directory}/${id}/stat`) ?? []);
  } catch {
    return [];
  }
}

/** Null if it is gone. */
export function statOf(path: string): ThreadStat | null {
  try {
    return parse(readFileSync(path, 'utf8'));
  } catch {
    return null;
  }
}

function parse(text: string): ThreadStat {
  // The name is in brackets, and may hold some itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[USER_TIME_FIELD]) + Number(fields[SYSTEM_TIME_FIELD]);
  return { state: fields[STATE_FIELD] ?? '', processorMs: ticks * CLOCK_TICK_MS };
}
