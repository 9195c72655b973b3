/** Whose work never ends, or whose VF never answers, loses its own context; too many of them block their partition. */
import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { DaemonScene, guestProgram } from './testing/daemon-scene.ts';
import { HANGING_GUEST } from './testing/working-guest.ts';

/** Shorter than the usual ones, and longer than anything but what never ends takes on a busy machine. */
const TDR = { software: { delayMs: 3_000, ddiDelayMs: 6_000 }, limitCount: 2, limitTimeMs: 3_600_000 };

async function sceneFor(t: TestContext): Promise<DaemonScene> {
  const scene = new DaemonScene({ tdr: TDR });
  t.after(() => scene.close());
  await scene.start();
  return scene;
}

async function hangingGuest(scene: DaemonScene): Promise<readonly [number | string, string]> {
  const { status, stdout } = await guestProgram(scene.socketPath, HANGING_GUEST).ended;
  return [status, stdout];
}

test('work that never ends costs its context the VF; a neighbour goes on, its results right', async (t) => {
  const scene = await sceneFor(t);
  const neighbour = await scene.guest();
  const [status, stdout] = await hangingGuest(scene);
  equal(status, 3);
  match(stdout, /^submitted\nlost Submitted work has not finished for \d+ ms, longer than it may \(3000 ms\)/);
  await neighbour.goesOn();
  equal((await scene.ask('partition', 'default')).usage.tdrCount, 1);
  equal((await neighbour.end())[0], 0);
});

test('a VF that does not answer is ended', async (t) => {
  const scene = await sceneFor(t);
  const guest = await scene.guest();
  const [context] = await scene.ask('contexts');
  process.kill(context?.vfPid as number, 'SIGSTOP');
  const [status, line] = await guest.ended();
  equal(status, 3);
  match(line, /^lost .*longer than it may/);
});

test('a VF that stands still while it is taken over is ended, and its neighbour is taken over', async (t) => {
  const scene = await sceneFor(t);
  const still = await scene.guest();
  const neighbour = await scene.guest();
  const contexts = await scene.ask('contexts');
  await scene.life?.kill();
  process.kill(contexts.find(({ guestPid }) => guestPid === still.pid)?.vfPid as number, 'SIGSTOP');
  await scene.start();
  deepEqual(await still.ended(), [3, 'lost The host process is gone.']);
  deepEqual((await scene.ask('contexts')).map(({ guestPid }) => guestPid), [neighbour.pid]);
  equal((await neighbour.end())[0], 0);
});

test('one timeout too many blocks the partition, also for the next daemon, until it is unblocked', async (t) => {
  const scene = await sceneFor(t);
  for (let count = 0; count <= TDR.limitCount; count++) {
    equal((await scene.ask('partition', 'default')).state.kind, 'active');
    equal((await hangingGuest(scene))[0], 3);
  }
  const { state } = await scene.ask('partition', 'default');
  equal(state.kind === 'blocked' && state.reason, 'More than 2 timeouts within 3600 s.');
  await scene.life?.kill();
  await scene.start();
  equal((await scene.ask('partition', 'default')).state.kind, 'blocked');
  const refused = await guestProgram(scene.socketPath, HANGING_GUEST).ended;
  match(refused.stderr + refused.stdout, /Partition "default" is blocked until an operator unblocks it/);
  await scene.ask('unblockPartition', 'default');
  const guest = await scene.guest();
  equal((await guest.end())[0], 0);
  await rejects(scene.ask('unblockPartition', 'no-such'), { name: 'Refusal', code: 'unknown-partition' });
});
