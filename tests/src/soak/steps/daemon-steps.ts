/** The daemon is killed, restarted, and killed again in the middle of its next start, while guests go on. */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAEMON_START_STEPS } from '@gpup/daemon';
import type { Random } from '@gpup/base/testing';
import type { ContextView } from '@gpup/pf/actions';
import { oneIn, pick, pickOrNull } from '../plan/draw.ts';
import type { PlannedWorld } from '../plan/planned-world.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { REASONS } from '../scene/reasons.ts';
import type { Scene } from '../scene/scene.ts';
import { type GuestStart, chooseStart } from './guest-steps.ts';
import { ADAPTER_MODE } from './partition-steps.ts';
import { killVf } from './vf-steps.ts';

/** A start that does not get to its end: the daemon is killed at a named step, or after a while. */
type BrokenStart = { readonly kind: 'step'; readonly step: (typeof DAEMON_START_STEPS)[number] } | { readonly kind: 'delay'; readonly ms: number };

/** While there is no daemon. */
interface Absence {
  readonly ms: number;
  readonly killedGuest: number | null;
  readonly guestOfKilledVf: number | null;
  readonly brokenStarts: readonly BrokenStart[];
}

const ABSENCE_MS_MAX = 800;
/** Of a start that takes some 300 ms. */
const START_MS_MAX = 900;

function chooseAbsence(world: PlannedWorld, random: Random): Absence {
  const guests = [...world.guests.keys()];
  const [killedGuest = null, guestOfKilledVf = null] = [pickOrNull(random, guests), pickOrNull(random, guests)];
  return {
    ms: random.below(ABSENCE_MS_MAX),
    killedGuest: oneIn(random, 3) ? killedGuest : null,
    guestOfKilledVf: oneIn(random, 3) ? guestOfKilledVf : null,
    brokenStarts: Array.from({ length: random.below(3) }, () => chooseBrokenStart(random)),
  };
}

function chooseBrokenStart(random: Random): BrokenStart {
  return oneIn(random, 2) ? { kind: 'step', step: pick(random, DAEMON_START_STEPS) } : { kind: 'delay', ms: random.below(START_MS_MAX) };
}

function foreseeAbsence(world: PlannedWorld, { killedGuest, guestOfKilledVf }: Absence): void {
  for (const id of [killedGuest, guestOfKilledVf]) if (id !== null) world.guests.delete(id);
}

async function contextsBefore(scene: Scene): Promise<readonly ContextView[]> {
  return (await scene.views())?.contexts ?? [];
}

/** From the end of a daemon until the next one has taken its guests over. */
async function absence(scene: Scene, { ms, killedGuest, guestOfKilledVf, brokenStarts }: Absence, before: readonly ContextView[]): Promise<void> {
  if (killedGuest !== null) scene.guests.runningOf(killedGuest)?.kill();
  if (guestOfKilledVf !== null) killVfOf(scene, guestOfKilledVf, before);
  await sleep(ms);
  for (const start of brokenStarts) await breakStart(scene, start);
  await scene.keeper.start();
  await scene.checkTakeover(before);
}

/** Nobody is there to say why: the guest's connections end, or the next daemon finds that the VF is gone. */
function killVfOf(scene: Scene, id: number, before: readonly ContextView[]): void {
  const guest = scene.guests.runningOf(id);
  const context = before.find(({ guestPid }) => guestPid === guest?.pid);
  if (guest === undefined || context === undefined || context.vfPid === 0) return;
  guest.allow(REASONS.anyLoss);
  killVf(scene, context.vfPid);
}

async function breakStart(scene: Scene, start: BrokenStart): Promise<void> {
  const life = scene.keeper.begin(start.kind === 'step' ? start.step : undefined);
  // A step that it does not pass, such as that of a VF where there is none, is as good as a start without a break.
  if (start.kind === 'step') await Promise.race([life.frozen().catch(() => 0), life.ready]);
  else await sleep(start.ms);
  await life.kill();
  for (const name of readdirSync(scene.directory)) if (name.startsWith('freeze-')) rmSync(join(scene.directory, name));
  scene.findings.count(`daemon.killed: ${start.kind === 'step' ? start.step : 'at some moment of its start'}`);
}

export const DAEMON_KILL: StepKind<Absence> = {
  name: 'daemon-kill',
  weight: { calm: 0, rough: 7 },
  choose: chooseAbsence,
  foresee: foreseeAbsence,
  async perform(scene, planned) {
    const before = await contextsBefore(scene);
    scene.expectInterruption();
    await scene.keeper.kill();
    scene.findings.count('daemon.killed: at some moment');
    await absence(scene, planned, before);
  },
};

export const DAEMON_RESTART: StepKind<Absence> = {
  name: 'daemon-restart',
  weight: { calm: 0, rough: 3 },
  choose: chooseAbsence,
  foresee: foreseeAbsence,
  async perform(scene, planned) {
    const before = await contextsBefore(scene);
    scene.expectInterruption();
    await scene.keeper.stop('SIGTERM');
    scene.findings.count('daemon.told to end');
    await absence(scene, planned, before);
  },
};

/** Its guests end with it. */
export const DAEMON_END: StepKind<Absence> = {
  name: 'daemon-end',
  weight: { calm: 0, rough: 1 },
  choose: chooseAbsence,
  foresee: (world) => world.guests.clear(),
  async perform(scene, planned) {
    scene.expectInterruption();
    for (const guest of scene.guests.all) guest.allow(REASONS.hostEnds, REASONS.noHost);
    await scene.keeper.stop('SIGUSR2');
    scene.findings.count('daemon.told to end its guests');
    await Promise.all(scene.guests.all.map(({ ended }) => ended));
    await absence(scene, planned, []);
  },
};

type Operation =
  | { readonly kind: 'create'; readonly name: string }
  | { readonly kind: 'remove'; readonly name: string }
  | { readonly kind: 'change'; readonly name: string; readonly contextsMax: number }
  | { readonly kind: 'mode'; readonly isWhole: boolean }
  | { readonly kind: 'guest'; readonly start: GuestStart };

interface KillDuring {
  readonly operation: Operation;
  /** From the begin of the operation. */
  readonly afterMs: number;
  readonly absence: Absence;
}

const EXTRA = 'gull';
const OPERATION_MS_MAX = 40;
/** A guest has its GPU some 200 ms after its start. */
const GUEST_MS_MAX = 400;

/** What is asked of a daemon just before it is killed is done or not, and nothing in between. */
export const DAEMON_KILL_DURING: StepKind<KillDuring> = {
  name: 'daemon-kill-during',
  weight: { calm: 0, rough: 5 },
  choose(world, random) {
    const operation = chooseOperation(world, random);
    const afterMs = random.below(operation.kind === 'guest' ? GUEST_MS_MAX : OPERATION_MS_MAX);
    return { operation, afterMs, absence: chooseAbsence(world, random) };
  },
  foresee(world, { operation, absence: planned }) {
    foreseeAbsence(world, planned);
    if (operation.kind === 'remove') world.removePlace(operation.name);
    if (operation.kind === 'mode') ADAPTER_MODE.foresee(world, operation);
  },
  async perform(scene, { operation, afterMs, absence: planned }) {
    const before = await contextsBefore(scene);
    const done = perform(scene, operation);
    await sleep(afterMs);
    scene.expectInterruption();
    await scene.keeper.kill();
    scene.findings.count(`daemon.killed: during "${operation.kind}"`);
    await done;
    await absence(scene, planned, before);
    if (operation.kind === 'create') await scene.change(EXTRA, async (host) => void (await host.removePartition(EXTRA, { force: true })), ['unknown-partition']);
    if (operation.kind === 'mode') await ADAPTER_MODE.perform(scene, operation);
    if (operation.kind === 'guest') await endGuest(scene, operation.start.id);
  },
};

function chooseOperation(world: PlannedWorld, random: Random): Operation {
  const name = pickOrNull(random, [...world.partitions.keys()]);
  const start = chooseStart(world, random);
  const mode = ADAPTER_MODE.choose(world, random);
  const operations: Operation[] = [
    { kind: 'create', name: EXTRA },
    ...(name === null ? [] : [{ kind: 'remove', name }, { kind: 'change', name, contextsMax: random.between(9, 16) }] as const),
    ...(mode === null ? [] : [{ kind: 'mode', ...mode }] as const),
    ...(start === null ? [] : [{ kind: 'guest', start }] as const),
  ];
  return pick(random, operations);
}

async function perform(scene: Scene, operation: Operation): Promise<void> {
  switch (operation.kind) {
    case 'create':
      return void (await scene.change(EXTRA, (host) => host.createPartition({ name: EXTRA, vram: { min: 1 << 20 } }), ['partition-busy', 'vram-exhausted', 'vram-in-use']));
    case 'remove':
      scene.disturbances += 1;
      scene.allowIn(operation.name, REASONS.partitionRemoved, REASONS.noHost);
      return void (await scene.change(operation.name, async (host) => void (await host.removePartition(operation.name, { force: true })), ['unknown-partition', 'partition-busy']));
    case 'change':
      return void (await scene.change(operation.name, (host) => host.changePartition(operation.name, { contextsMax: operation.contextsMax }), ['unknown-partition', 'partition-busy', 'contexts-in-use', 'vram-exhausted', 'vram-in-use']));
    case 'mode':
      return ADAPTER_MODE.perform(scene, operation);
    case 'guest':
      scene.startGuest(operation.start);
  }
}

/** One that was just connecting has its GPU now, or was told. */
async function endGuest(scene: Scene, id: number): Promise<void> {
  const guest = scene.guests.all.find((each) => each.id === id);
  await guest?.settled;
  scene.guests.runningOf(id)?.tellToEnd();
  await guest?.ended;
}

export const DAEMON_STEPS = [stepKind(DAEMON_KILL), stepKind(DAEMON_RESTART), stepKind(DAEMON_END), stepKind(DAEMON_KILL_DURING)];
