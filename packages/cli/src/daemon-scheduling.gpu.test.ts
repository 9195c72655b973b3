/** Turns on the software GPU under a real daemon: who holds it for how long, by the daemon's own clock, whatever guests demand. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { HostEvent, PartitionView } from '@gpup/pf/actions';
import { DaemonScene, guestProgram } from './testing/daemon-scene.ts';
import { DEMANDING_GUEST } from './testing/demanding-guest.ts';
import { isStopped } from './testing/processes.ts';
import type { Program } from './testing/program.ts';
import { eventually } from './testing/scenario.ts';
import { until } from './testing/until.ts';

/** Less would be a few turns only. */
const HELD_US_MIN = 1_500_000;

interface Demand {
  readonly loops: number;
  readonly depth: number;
}

/** A monster and a small one: 30 times the length, and eight in flight for one. */
const MONSTER: Demand = { loops: 300, depth: 8 };
const SMALL: Demand = { loops: 10, depth: 1 };

async function sceneFor(t: TestContext, config: Readonly<Record<string, unknown>> = {}): Promise<DaemonScene> {
  const scene = new DaemonScene({ defaultPartition: false, ...config });
  t.after(() => scene.close());
  await scene.start();
  return scene;
}

async function demand(t: TestContext, scene: DaemonScene, partition: string, { loops, depth }: Demand): Promise<Program> {
  const program = guestProgram(scene.socketOf(partition), DEMANDING_GUEST, [String(loops), String(depth)]);
  t.after(() => program.child.kill('SIGKILL'));
  await program.printed('begun');
  return program;
}

interface Held {
  readonly heldUs: number;
  readonly turnCount: number;
}

/** What each has held since `before`, until together it is enough to tell. */
async function heldSince(scene: DaemonScene, names: readonly string[], before: readonly PartitionView[]): Promise<readonly Held[]> {
  const look = async (): Promise<readonly Held[]> => {
    const views = await Promise.all(names.map((name) => scene.ask('partition', name)));
    return views.map(({ name, scheduling }) => {
      const earlier = before.find((view) => view.name === name)?.scheduling;
      return { heldUs: scheduling.heldUs - (earlier?.heldUs ?? 0), turnCount: scheduling.turnCount - (earlier?.turnCount ?? 0) };
    });
  };
  return until(look, (held) => held.reduce((sum, { heldUs }) => sum + heldUs, 0) >= HELD_US_MIN);
}

/** Nobody is further from their part than the longest turns: a slice, and what a submit takes on a busy machine. */
function checkParts(held: readonly Held[], parts: readonly number[]): void {
  const totalUs = held.reduce((sum, { heldUs }) => sum + heldUs, 0);
  const turnUs = Math.max(...held.map(({ heldUs, turnCount }) => heldUs / turnCount));
  for (const [index, { heldUs, turnCount }] of held.entries()) {
    const fairUs = totalUs * (parts[index] as number);
    ok(turnCount >= 3, `It had ${turnCount} turns.`);
    // A mean turn tells nothing of the longest one on a machine that others use as well.
    ok(Math.abs(heldUs - fairUs) <= 0.15 * totalUs + 2 * turnUs, `It held ${heldUs} of ${totalUs} us, and ${fairUs} are its part.`);
  }
}

test('under equal-share a monster and a small one hold the adapter for as long as each other, and turns come and go with the policy', async (t) => {
  const scene = await sceneFor(t);
  for (const name of ['monster', 'small']) await scene.ask('createPartition', { name });
  for (let count = 0; count < 2; count++) await demand(t, scene, 'monster', MONSTER);
  await demand(t, scene, 'small', SMALL);
  const free = await scene.ask('partitions');
  deepEqual(free.map(({ scheduling: { promisedShare, turnCount } }) => [promisedShare, turnCount]), [[null, 0], [null, 0]]);

  const adapter = await scene.ask('setAdapterScheduling', 'software-0', { policy: 'equal-share' });
  deepEqual(adapter.scheduling, { policy: 'equal-share', sliceMs: 30 });
  const before = await scene.ask('partitions');
  checkParts(await heldSince(scene, ['monster', 'small'], before), [1 / 2, 1 / 2]);
  deepEqual((await scene.ask('partitions')).map(({ scheduling }) => scheduling.promisedShare), [1 / 2, 1 / 2]);

  await scene.ask('setAdapterScheduling', 'software-0', { policy: 'best-effort' });
  const { turnCount } = (await scene.ask('partition', 'small')).scheduling;
  const { submitCount } = (await scene.ask('partition', 'small')).usage;
  await until(() => scene.ask('partition', 'small'), ({ usage }) => usage.submitCount > submitCount + 20);
  equal((await scene.ask('partition', 'small')).scheduling.turnCount, turnCount);
});

test('under fixed-share each has what it was promised, and nobody the share of one that does not run', async (t) => {
  const scene = await sceneFor(t, { scheduling: { policy: 'fixed-share', sliceMs: 5 } });
  await scene.ask('createPartition', { name: 'half', size: '1/2' });
  await scene.ask('createPartition', { name: 'quarter', size: '1/4' });
  await scene.ask('createPartition', { name: 'absent', size: '1/4' });
  await demand(t, scene, 'half', MONSTER);
  await demand(t, scene, 'quarter', SMALL);
  const beganUs = performance.now() * 1000;
  const before = await scene.ask('partitions');
  const held = await heldSince(scene, ['half', 'quarter'], before);
  const passedUs = performance.now() * 1000 - beganUs;
  checkParts(held, [2 / 3, 1 / 3]);
  const heldUs = held.reduce((sum, part) => sum + part.heldUs, 0);
  ok(heldUs < 0.9 * passedUs, `They held ${heldUs} of ${passedUs} us, and a quarter is another's.`);
  deepEqual((await scene.ask('partitions')).map(({ scheduling }) => scheduling.promisedShare), [1 / 2, 1 / 4, 1 / 4]);
});

test('guests go on without a daemon, and the next one gives them turns again by the policy that was set', async (t) => {
  const scene = await sceneFor(t);
  for (const name of ['a', 'b']) await scene.ask('createPartition', { name });
  await scene.ask('setAdapterScheduling', 'software-0', { policy: 'equal-share', sliceMs: 4 });
  const guests = [await scene.guest(scene.socketOf('a')), await scene.guest(scene.socketOf('b'))];
  await demand(t, scene, 'a', MONSTER);
  for (const guest of guests) await guest.goesOn();
  for (let kill = 0; kill < 2; kill++) {
    await scene.life?.kill();
    for (const guest of guests) await guest.goesOn(10);
    await scene.start();
    deepEqual((await scene.ask('adapters'))[0]?.scheduling, { policy: 'equal-share', sliceMs: 4 });
    equal((await scene.ask('host')).adoptedCount, 3);
    await until(() => scene.ask('partitions'), (views) => views.every(({ scheduling }) => scheduling.turnCount > 5));
    for (const guest of guests) await guest.goesOn();
  }
  for (const guest of guests) equal((await guest.end())[0], 0);
});

test('a guest that comes, goes or is killed in the middle of a turn keeps nobody waiting', async (t) => {
  const scene = await sceneFor(t, { pool: 1, scheduling: { policy: 'equal-share', sliceMs: 5 } });
  for (const name of ['a', 'b']) await scene.ask('createPartition', { name });
  const guest = await scene.guest(scene.socketOf('b'));
  for (let round = 0; round < 4; round++) {
    const one = await demand(t, scene, 'a', MONSTER);
    const two = await demand(t, scene, 'a', SMALL);
    await guest.goesOn(3);
    one.child.kill('SIGKILL');
    await guest.goesOn(3);
    const { vfPid } = (await scene.ask('contexts')).find(({ guestPid }) => guestPid === two.child.pid) ?? {};
    process.kill(vfPid as number, 'SIGKILL');
    await two.ended;
    await guest.goesOn(3);
  }
  // Alone again: there are no turns.
  await until(() => scene.ask('partition', 'a'), ({ contextCount }) => contextCount === 0);
  const { turnCount } = (await scene.ask('partition', 'b')).scheduling;
  await guest.goesOn(5);
  equal((await scene.ask('partition', 'b')).scheduling.turnCount, turnCount);
});

test('a compiler that does not return keeps nobody waiting: neither in its own turn, nor beside a submit', async (t) => {
  const scene = await sceneFor(t, { scheduling: { policy: 'equal-share', sliceMs: 5 }, tdr: { software: { delayMs: 600_000, ddiDelayMs: 600_000 } } });
  for (const name of ['a', 'b']) await scene.ask('createPartition', { name });
  const guest = await scene.guest(scene.socketOf('b'));
  const culprit = scene.culprit('a');
  deepEqual(await culprit.tell('open'), { opened: 2 });
  deepEqual(await culprit.tell('check'), { isRight: true });
  await culprit.tell('begin compile');
  await guest.goesOn(10);
  equal((await scene.ask('partition', 'a')).contextCount, 1);
  equal((await guest.end())[0], 0);
});

test('where turns begin while a compiler does not return, the other guests of its partition have theirs', async (t) => {
  const scene = await sceneFor(t, { tdr: { software: { delayMs: 600_000, ddiDelayMs: 600_000 } } });
  for (const name of ['a', 'b']) await scene.ask('createPartition', { name, compute: { min: 1 / 8, optimal: 1 / 8, max: 1 / 8 } });
  const guest = await scene.guest(scene.socketOf('a'));
  const culprit = scene.culprit('a');
  deepEqual(await culprit.tell('open'), { opened: 2 });
  await culprit.tell('begin compile');
  await guest.goesOn(3);
  await scene.ask('setAdapterScheduling', 'software-0', { policy: 'fixed-share' });
  await guest.goesOn(5);
  const { scheduling } = await scene.ask('partition', 'a');
  ok(scheduling.turnCount >= 1, `${scheduling.turnCount} turns`);
  // Of the compiler's time nothing is charged.
  ok(scheduling.heldUs < 10_000_000, `It is said to have held the adapter for ${scheduling.heldUs} us.`);
  equal((await guest.end())[0], 0);
});

test('a VF that stands still in its turn loses it, and its context', async (t) => {
  const scene = await sceneFor(t, { scheduling: { policy: 'equal-share', sliceMs: 5 }, tdr: { software: { delayMs: 1_000, ddiDelayMs: 3_000 } } });
  for (const name of ['a', 'b']) await scene.ask('createPartition', { name });
  const events: HostEvent[] = [];
  await scene.listen((event) => events.push(event));
  const guest = await scene.guest(scene.socketOf('b'));
  // It always wants more: it says so before its turn is over.
  const holder = await demand(t, scene, 'a', MONSTER);
  const { vfPid } = (await scene.ask('contexts')).find(({ guestPid }) => guestPid === holder.child.pid) ?? {};
  // In its own turn, or before one that it has asked for.
  process.kill(vfPid as number, 'SIGSTOP');
  await eventually(() => isStopped(vfPid as number) || undefined, () => `process ${vfPid} does not stop`);
  await eventually(() => events.some(({ type }) => type === 'tdr') || undefined, () => 'nothing is timed out');
  const tdr = events.find((event) => event.type === 'tdr');
  match(tdr?.code ?? '', /^tdr-(turn|submit|ping|thread)$/);
  equal(tdr?.partition, 'a');
  await guest.goesOn(5);
  equal((await guest.end())[0], 0);
});
