import { type DawnFleetOptions, replayOnDawn, runDawnFleet } from './dawn/dawn-fleet.ts';
import type { Finding } from './finding.ts';
import type { FleetResult } from './fleet.ts';
import { HostTarget } from './host/host-target.ts';
import { OutcomeTable } from './outcome-table.ts';
import { Run } from './run.ts';
import { TallyTable } from './tally-table.ts';
import type { Case } from './target.ts';

/** The part of the time that real processes get; the rest is for packets on Dawn. */
const HOST_SHARE = 1 / 5;

export interface RealOptions extends DawnFleetOptions {
  /** `dawn`, `host`; empty: both. */
  readonly targets: readonly string[];
}

/** Everything that needs a GPU, if only one of software. */
export async function runReal(options: RealOptions): Promise<FleetResult> {
  const { targets, seconds } = options;
  const isWanted = (name: string): boolean => targets.length === 0 || targets.includes(name);
  const hostSeconds = isWanted('host') ? (isWanted('dawn') ? seconds * HOST_SHARE : seconds) : 0;
  const host = hostSeconds > 0 ? await runHost({ ...options, seconds: hostSeconds }) : null;
  if (!isWanted('dawn')) return host as FleetResult;
  const dawn = await runDawnFleet({ ...options, seconds: seconds - hostSeconds });
  return host === null ? dawn : together(dawn, host);
}

/** Plays what a run kept of `dawn` or `host`. */
export async function replayReal(name: string, kept: Case): Promise<Finding | null> {
  if (name === 'dawn') return replayOnDawn(kept);
  const target = new HostTarget(new TallyTable());
  try {
    return await target.replay(kept);
  } finally {
    await target.close();
  }
}

async function runHost({ seed, seconds, inputCountMax, stopsAtFinding, progress }: RealOptions): Promise<FleetResult> {
  const tally = new TallyTable();
  const target = new HostTarget(tally);
  const set = { targets: [target], table: new OutcomeTable(), tally };
  const run = new Run(set, { seed, job: 0, jobCount: 1, seconds, inputCountMax, targets: [], stopsAtFinding });
  try {
    const result = await run.go(() => progress(`${run.sessionCount} attacks on a host process`));
    return { ...set, ...result };
  } finally {
    await target.close();
  }
}

function together(one: FleetResult, other: FleetResult): FleetResult {
  one.tally.merge(other.tally.toJSON());
  return {
    table: one.table,
    tally: one.tally,
    inputCount: one.inputCount + other.inputCount,
    sessionCount: one.sessionCount + other.sessionCount,
    inputCountByTarget: { ...one.inputCountByTarget, ...other.inputCountByTarget },
    findings: [...one.findings, ...other.findings],
    seconds: one.seconds + other.seconds,
    cpuSeconds: one.cpuSeconds + other.cpuSeconds,
  };
}
