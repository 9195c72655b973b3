/**
 * Everything comes to rest, and all that can be seen is compared: with guests that stand still, after one of them has
 * filled its partition to the brim, after all have given back what they had, and, every other time, after all are gone.
 */
import type { PartitionView } from '@gpup/pf/actions';
import { FILL_BYTES_MIN, type FillAnswer, type GuestAccount } from '../guest/lines.ts';
import { AT_REST, type Complaint, type Invariant, WHEN_EMPTY, complaintsOf } from '../invariants/index.ts';
import { SOAK_LIMITS } from '../limits.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import type { GuestProcess } from '../scene/guest-process.ts';
import { inTime } from '../scene/in-time.ts';
import { ADAPTERS, isWhole } from '../scene/place.ts';
import { REASONS } from '../scene/reasons.ts';
import type { Scene } from '../scene/scene.ts';
import { SETTLING, settled } from '../scene/settled.ts';
import type { Observation, SeenGuest } from '../seen/observation.ts';
import { logComplaints } from '../seen/host-log.ts';

export const QUIESCE: StepKind<{ readonly isEmptied: boolean }> = {
  name: 'quiesce',
  weight: { calm: 0, rough: 0 },
  choose: (_world, random) => ({ isEmptied: random.below(2) === 0 }),
  foresee(world, { isEmptied }) {
    if (isEmptied) world.clear();
  },
  perform: quiesce,
};
export const QUIESCE_STEP = stepKind(QUIESCE);

export async function quiesce(scene: Scene, { isEmptied }: { readonly isEmptied: boolean }): Promise<void> {
  await scene.background.ended();
  await unblockAll(scene);
  await Promise.all(scene.guests.all.map(({ settled: isSettled }) => isSettled));
  await pauseAll(scene);
  await check(scene, AT_REST, 'with guests');
  if (scene.findings.isClean) await fillToTheBrim(scene);
  for (const guest of scene.guests.running) await ask(guest.ask({ name: 'free' }), 'A guest that gives back what it has');
  if (scene.findings.isClean) await check(scene, AT_REST, 'with guests that have given back what they had');
  if (isEmptied && scene.findings.isClean) await empty(scene);
  for (const guest of scene.guests.running) await ask(guest.ask({ name: 'resume' }), 'A guest that goes on');
}

function ask<T>(work: Promise<T>, what: string): Promise<T> {
  return inTime(work, SOAK_LIMITS.guestHangMsMax, what);
}

async function pauseAll(scene: Scene): Promise<void> {
  for (const guest of scene.guests.running) await ask(guest.ask<GuestAccount>({ name: 'pause' }), `Guest ${guest.id}, which is to stand still,`);
}

/** A guest that comes afterwards works. */
async function unblockAll(scene: Scene): Promise<void> {
  const views = await scene.views();
  for (const { name, state } of views?.partitions ?? []) {
    if (state.kind !== 'blocked') continue;
    const answer = await scene.ask((host) => host.unblockPartition(name));
    if (answer.kind === 'refused') scene.findings.violate('unblocking', `The partition "${name}" is not unblocked: ${answer.code}: ${answer.message}`);
    scene.forgetHangs(name);
    scene.findings.count('partitions.unblocked');
    await probe(scene, name);
  }
}

/** Numbers of guests that no plan gives. */
let probeCount = 1_000_000;

async function probe(scene: Scene, place: string): Promise<void> {
  const guest = scene.startGuest({ id: ++probeCount, place, transport: 'aperture', pauseMs: 0 });
  guest.allow(REASONS.full);
  await ask(guest.settled, `A guest of "${place}", which was unblocked,`);
  if (guest.state === 'running') guest.tellToEnd();
  await ask(guest.ended, `A guest of "${place}", which was unblocked,`);
}

async function check(scene: Scene, invariants: readonly Invariant<Observation>[], when: string): Promise<void> {
  const complaints = await settled(() => complaintsAtRest(scene, invariants), SETTLING);
  for (const { invariant, message } of complaints) scene.findings.violate(invariant, `${message} (At rest, ${when}.)`);
  for (const message of logComplaints(scene.log.next(), scene.killedVfPids)) scene.findings.violate('host-log', message);
  scene.findings.count(`checks.at rest, ${when}`);
  if (scene.latest !== null) scene.memory.add(when, scene.latest);
}

/** Of one look. Guests stand still from here on, if they did not. */
export async function complaintsAtRest(scene: Scene, invariants: readonly Invariant<Observation>[]): Promise<readonly Complaint[]> {
  const guests = await Promise.all(scene.guests.running.map((guest) => seenOf(guest)));
  const seen = await scene.observe(guests);
  scene.ledger.settle(seen.partitions);
  scene.latest = seen;
  const definitions = scene.ledger.complaints(seen.partitions).map((message) => ({ invariant: 'definitions', message }));
  const complaints = [...complaintsOf(invariants, seen), ...definitions];
  if (complaints.length > 0) scene.onProgress(`waits: ${complaints.map(({ message }) => message).join(' ')}`);
  return complaints;
}

/** It stands still already: what it says is what it has. */
async function seenOf(guest: GuestProcess): Promise<SeenGuest> {
  const { id, pid, place, transport } = guest;
  const account = await ask(guest.ask<GuestAccount>({ name: 'pause' }), `Guest ${id}, which stands still,`);
  return { id, pid, place, transport, account };
}

/** With all others standing still, a guest gets all that is left of its partition's budget, and not a byte more. */
async function fillToTheBrim(scene: Scene): Promise<void> {
  const guest = scene.guests.running.find(({ place }) => !isWhole(place));
  const answer = guest === undefined ? null : await scene.ask((host) => host.partition(guest.place));
  if (guest === undefined || answer?.kind !== 'done' || !isFillable(answer.value)) return;
  const { refusedBytes } = await ask(guest.ask<FillAnswer>({ name: 'fill', bytesMax: Number.MAX_SAFE_INTEGER }), `Guest ${guest.id}, which fills itself,`);
  await check(scene, AT_REST, 'filled to the brim');
  const full = await scene.ask((host) => host.partition(guest.place));
  if (full.kind !== 'done') return;
  const { name, usage, vram } = full.value;
  const leftBytes = vram.current - usage.vramBytes;
  // It has no room for what it reads back by where others have all, and then cannot fill anything.
  if (refusedBytes !== null && leftBytes >= FILL_BYTES_MIN) {
    scene.findings.violate('fill', `A guest of "${name}" was refused ${refusedBytes} bytes, with ${leftBytes} of ${vram.current} left.`);
  }
}

/** What is larger takes its time on a software GPU. */
const FILLABLE_BYTES_MAX = 128 << 20;

function isFillable({ vram, state }: PartitionView): boolean {
  return vram.current <= FILLABLE_BYTES_MAX && state.kind === 'active';
}

async function empty(scene: Scene): Promise<void> {
  const guests = scene.guests.all;
  for (const guest of guests) guest.tellToEnd();
  await ask(Promise.all(guests.map(({ ended }) => ended)), 'A guest that is told to end');
  for (const name of scene.ledger.names) {
    await scene.change(name, async (host) => void (await host.removePartition(name, { force: true })), []);
    scene.forgetHangs(name);
  }
  for (const id of ADAPTERS) await scene.ask((host) => host.setAdapterMode(id, 'partitioned'));
  await check(scene, WHEN_EMPTY, 'with nobody left');
}
