import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { inspect } from 'node:util';
import { parentPort, workerData } from 'node:worker_threads';
import { FlightRecorder } from './flight-recorder.ts';
import { Run, type RunOptions, type RunResult } from './run.ts';
import { makeTargets } from './targets.ts';

/** What a worker is given, and what it tells. */
export interface WorkerTask {
  readonly options: RunOptions;
  readonly memory: SharedArrayBuffer;
}

export type WorkerMessage =
  /** What ended the thread; it ends now. */
  | { readonly type: 'died'; readonly message: string }
  | { readonly type: 'progress'; readonly inputCount: number; readonly countMin: number; readonly findingCount: number }
  | {
      readonly type: 'done';
      readonly result: RunResult;
      readonly table: Record<string, Record<string, number>>;
      readonly unexpected: Record<string, number>;
      readonly tally: Record<string, Record<string, number>>;
    };

const PROGRESS_MS = 1000;

function post(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

/** Says so itself: an error that is left to end a thread arrives without its message or its cause. */
function die(error: unknown): void {
  post({ type: 'died', message: inspect(error) });
  process.exit(1);
}

async function main({ options, memory }: WorkerTask): Promise<void> {
  // Faults are thrown by the thousand: a trace of the stack for each would be most of the work.
  Error.stackTraceLimit = 0;
  const recorder = new FlightRecorder(memory);
  recorder.threadId = Number(basename(readlinkSync('/proc/thread-self')));
  const set = await makeTargets(options);
  const run = new Run(set, options, recorder);
  let toldAtMs = performance.now();
  const result = await run.go(() => {
    if (performance.now() - toldAtMs < PROGRESS_MS) return;
    toldAtMs = performance.now();
    post({ type: 'progress', inputCount: run.inputCount, countMin: set.table.countMin, findingCount: run.findingCount });
  });
  post({ type: 'done', result, table: set.table.toJSON(), unexpected: Object.fromEntries(set.table.unexpected), tally: set.tally.toJSON() });
}

process.once('uncaughtException', die);
await main(workerData as WorkerTask).catch(die);
