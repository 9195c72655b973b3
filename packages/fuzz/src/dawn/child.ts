/**
 * A process that attacks the command processor on Dawn. It may crash or hang at any time: whoever started
 * it watches, and finds the last steps in the record.
 */
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { dawnBackend } from '@gpup/vf';
import { type DawnModule, loadDawn, openGpu } from '@gpup/vf/dawn';
import { nullBackend } from '@gpup/vf/null';
import { VfLoop } from '@gpup/vf/vf-loop';
import type { GuestModel } from '../model/guest-model.ts';
import { OutcomeTable } from '../outcome-table.ts';
import { PacketTarget } from '../packets/packet-target.ts';
import { Run, type RunOptions, type RunResult } from '../run.ts';
import { TallyTable } from '../tally-table.ts';
import type { Case } from '../target.ts';
import { recordTraces } from '../trace/record.ts';
import { EVERY_CALL_DIRECT } from './executor-choice.ts';
import { destroyableGpu } from './destroyable-gpu.ts';
import { FileRecorder } from './file-recorder.ts';
import { tame } from './tame.ts';

export type DawnTask =
  | { readonly type: 'run'; readonly options: RunOptions; readonly recordPath: string }
  | { readonly type: 'replay'; readonly casePath: string };

export type DawnMessage =
  | { readonly type: 'ready' }
  /** Everything has been said; the process kills itself now. */
  | { readonly type: 'done' }
  | { readonly type: 'progress'; readonly sessionCount: number; readonly result: RunResult; readonly table: Record<string, Record<string, number>> }
  | { readonly type: 'replayed'; readonly finding: { readonly kind: string; readonly row: string; readonly message: string } | null };

/** Turns of the event loop that an answer of Dawn takes at most, unless it waits for work. */
const TURNS_MAX = 24;
const WORK_MS_MAX = 200;

const loop = new VfLoop();
loop.takeTicks();
const { gpu, destroyDevices } = destroyableGpu(openGpu(await dawnOfChoice(), []));
const backend = dawnBackend({ gpu, hurry: () => loop.hurry(), expect: (quietMs) => loop.expect(quietMs) });

/** Until nothing is asked any more: uncaptured errors come unasked, within a few turns. */
async function settle(model: GuestModel): Promise<void> {
  const deadlineMs = performance.now() + WORK_MS_MAX;
  for (let turn = 0; turn < TURNS_MAX || performance.now() < deadlineMs; turn++) {
    await setImmediate();
    if (turn > 2 && model.pendingRequestCount === 0) return;
  }
}

const table = new OutcomeTable();
const target = new PacketTarget({
  name: 'dawn',
  table,
  traces: await recordTraces(() => nullBackend()),
  backend: () => {
    destroyDevices();
    return backend;
  },
  settle,
  isExact: false,
  tame,
});

/** As a VF has it; or calling Dawn directly wherever that is possible at all, also where it does not pay. */
function dawnOfChoice(): Promise<DawnModule> {
  return process.argv[2] === EVERY_CALL_DIRECT ? loadDawn('direct').catch(() => loadDawn()) : loadDawn();
}

function post(message: DawnMessage): void {
  process.send?.(message);
}

async function run({ options, recordPath }: DawnTask & { type: 'run' }): Promise<void> {
  const set = { targets: [target], table, tally: new TallyTable() };
  const session = new Run(set, options, new FileRecorder(recordPath));
  await session.go(() => post({ type: 'progress', sessionCount: session.sessionCount, result: session.result(), table: table.toJSON() }));
}

async function replay({ casePath }: DawnTask & { type: 'replay' }): Promise<void> {
  const finding = await target.replay(JSON.parse(readFileSync(casePath, 'utf8')) as Case);
  // What Dawn does on its other threads shows a little later.
  for (let turn = 0; turn < TURNS_MAX; turn++) await setImmediate();
  post({ type: 'replayed', finding: finding === null ? null : { kind: finding.kind, row: finding.row, message: finding.message } });
}

process.on('message', (task: DawnTask) => {
  void (task.type === 'run' ? run(task) : replay(task)).then(() => {
    // An ordinary exit runs Dawn's destructors, which are not what is tested here.
    process.send?.({ type: 'done' } satisfies DawnMessage, () => process.kill(process.pid, 'SIGKILL'));
  });
});
post({ type: 'ready' });
