/**
 * Guests outlive their daemon: it is killed, at every named step and at random moments, while they work; the next one
 * takes them over.
 */
import { deepEqual, equal, match } from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, describe, test } from 'node:test';
import { DAEMON_START_STEPS } from '@gpup/daemon';
import { isRunning } from './testing/processes.ts';
import { DaemonScene, type WorkingGuest } from './testing/daemon-scene.ts';
import { otherBuild } from './testing/other-build.ts';
import { Program } from './testing/program.ts';
import { eventually } from './testing/scenario.ts';

function sceneFor(t: TestContext, config?: Readonly<Record<string, unknown>>): DaemonScene {
  const scene = new DaemonScene(config);
  t.after(() => scene.close());
  return scene;
}

/** Of each context what must be the same under the next daemon. */
async function identities(scene: DaemonScene): Promise<unknown> {
  return (await scene.ask('contexts')).map(({ id, partition, guestPid, vfPid, openedMs, state }) => ({ id, partition, guestPid, vfPid, openedMs, state }));
}

async function noContexts(scene: DaemonScene): Promise<void> {
  let count = -1;
  while (count !== 0) count = (await scene.ask('contexts')).length;
}

async function allGoOn(guests: readonly WorkingGuest[]): Promise<void> {
  await Promise.all(guests.map((guest) => guest.goesOn()));
}

test('a guest goes on without a daemon; the next one has its figures, can end it, and tells it why', async (t) => {
  const scene = sceneFor(t);
  await (await scene.start()).ready;
  const guest = await scene.guest();
  const before = await identities(scene);
  const [{ vramBytes, submitCount } = { vramBytes: 0, submitCount: 0 }] = await scene.ask('contexts');
  await scene.life?.kill();
  await guest.goesOn(5);
  await scene.start();
  deepEqual(await identities(scene), before);
  const [context] = await scene.ask('contexts');
  deepEqual([context?.vramBytes, (context?.submitCount ?? 0) >= submitCount + 5, vramBytes > 0], [vramBytes, true, true]);
  equal((await scene.ask('host')).adoptedCount, 1);
  const largest = await scene.ask('largestAllocations', 'default', { countMax: 1 });
  deepEqual(largest.map(({ kind, bytes, context: id }) => ({ kind, bytes, id })), [{ kind: 'buffer', bytes: 16384, id: 1 }]);
  await scene.ask('endContext', 1);
  deepEqual(await guest.ended(), [3, 'lost The context was ended by the host.']);
  await noContexts(scene);
  await eventually(() => (scene.vfPids().length === 0 && scene.vfFiles().length === 0) || undefined, () => `left: ${scene.vfPids()} ${scene.vfFiles()}`);
  equal((await scene.ask('partition', 'default')).usage.vramBytes, 0);
});

test('a daemon that requires isolation takes over guests that have it, and tells others why not', async (t) => {
  const scene = sceneFor(t, { isolation: 'off' });
  const start = async (isolation: string): Promise<boolean> => {
    writeFileSync(scene.configPath, JSON.stringify({ ...JSON.parse(readFileSync(scene.configPath, 'utf8')), isolation }));
    return (await scene.begin().ready).type === 'ready';
  };
  await start('off');
  const bare = await scene.guest();
  await scene.life?.kill();
  // Where the machine lacks something it does not start, and takes nobody over.
  if (!(await start('require'))) return;
  deepEqual(await bare.ended(), [3, 'lost The VF process was started without the isolation that the host requires now.']);
  const isolated = await scene.guest();
  await scene.life?.kill();
  await start('require');
  await isolated.goesOn();
  equal((await isolated.end())[0], 0);
});

test('the next daemon hears of the end of a guest that it took over', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  await scene.life?.kill();
  await scene.start();
  equal((await scene.ask('contexts')).length, 1);
  guest.program.child.kill('SIGKILL');
  await noContexts(scene);
  await eventually(() => (scene.vfPids().length === 0 && scene.vfFiles().length === 0) || undefined, () => `left: ${scene.vfPids()} ${scene.vfFiles()}`);
});

test('a VF that is killed after it was taken over is told of to its guest', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  await scene.life?.kill();
  await scene.start();
  const [context] = await scene.ask('contexts');
  process.kill(context?.vfPid as number, 'SIGKILL');
  deepEqual(await guest.ended(), [3, 'lost The VF process ended unexpectedly.']);
  await noContexts(scene);
});

test('a VF whose guest ends while no daemon runs ends as well', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  await scene.life?.kill();
  guest.program.child.kill('SIGKILL');
  await eventually(() => scene.vfPids().length === 0 || undefined, () => `VFs are left: ${scene.vfPids()}`);
  await scene.start();
  deepEqual([(await scene.ask('contexts')).length, (await scene.ask('host')).adoptedCount, scene.vfFiles()], [0, 0, []]);
});

test('a VF that no daemon takes over ends itself, and its guest hears why', async (t) => {
  const scene = sceneFor(t, { orphanMsMax: 1000 });
  await scene.start();
  const guest = await scene.guest();
  await scene.life?.kill();
  deepEqual(await guest.ended(), [3, 'lost No host process has taken the VF over within 1000 ms of the end of its own.']);
  await eventually(() => scene.vfPids().length === 0 || undefined, () => `VFs are left: ${scene.vfPids()}`);
});

test('a guest whose partition is not defined any more is told so, and its VF ends', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  await scene.life?.kill();
  writeFileSync(join(scene.directory, 'state/partitions.json'), '{"version":1,"modes":{},"partitions":[]}');
  await scene.start();
  deepEqual(await guest.ended(), [3, 'lost The partition does not exist any more.']);
  deepEqual([(await scene.ask('contexts')).length, scene.vfFiles()], [0, []]);
});

test('a daemon that is told to end leaves its guests to the next one', async (t) => {
  const scene = sceneFor(t, { pool: 1 });
  await scene.start();
  const guest = await scene.guest();
  const before = await identities(scene);
  scene.life?.child.kill('SIGTERM');
  equal(await scene.life?.ended, 0);
  await guest.goesOn();
  // Those that waited for guests have ended with it.
  equal(scene.vfPids().length, 1);
  await scene.start();
  deepEqual(await identities(scene), before);
  deepEqual((await guest.end())[0], 0);
});

test('a daemon that is told to end its guests ends them, and nothing is left', async (t) => {
  const scene = sceneFor(t, { pool: 1 });
  await scene.start();
  const guest = await scene.guest();
  scene.life?.child.kill('SIGUSR2');
  equal(await scene.life?.ended, 0);
  deepEqual(await guest.ended(), [3, 'lost The host ends.']);
  deepEqual([scene.vfPids(), scene.vfFiles()], [[], []]);
});

test('a second daemon is refused, with the name of the first', async (t) => {
  const scene = sceneFor(t);
  const first = await scene.start();
  const second = scene.begin();
  const line = await second.ready;
  equal(line.type === 'error' && line.code, 'host-running');
  equal(await second.ended, 1);
  match(second.errors, new RegExp(`runs in ${scene.runtime} already \\(process ${first.child.pid}\\)`));
});

test('the guest that owns an adapter whole owns it under the next daemon, and others are refused with its name', async (t) => {
  const scene = sceneFor(t, { defaultPartition: false });
  await scene.start();
  equal((await scene.ask('setAdapterMode', 'software-0', 'dda')).mode, 'dda');
  const socketPath = `${scene.runtime}/adapters/software-0.sock`;
  const owner = await scene.guest(socketPath);
  await scene.life?.kill();
  await scene.start();
  const name = `guest process ${owner.pid} (context 1)`;
  equal((await scene.ask('adapters'))[0]?.owner, name);
  const { GPUP_SOCKET: _, ...env } = process.env;
  const other = await new Program([process.execPath, '--input-type=module', '-e', `import { connect } from '@gpup/guest'; await connect().catch((error) => console.log(error.message));`], {
    env: { ...env, GPUP_SOCKET: socketPath },
    cwd: new URL('.', import.meta.url).pathname,
  }).ended;
  equal(other.stdout, `The adapter software-0 is owned whole by ${name}.\n`);
  equal((await owner.end())[0], 0);
  // It is free when the process is gone.
  let found: string | null | undefined = name;
  while (found === name) found = (await scene.ask('adapters'))[0]?.owner;
  equal(found, null);
});

test('a guest that connects while its daemon is killed gets its GPU from the VF alone', async (t) => {
  const scene = sceneFor(t);
  const life = scene.begin('vf.surviving');
  await life.ready;
  const coming = scene.guest();
  const vfPid = await life.frozen();
  await life.kill();
  process.kill(vfPid, 'SIGCONT');
  const guest = await coming;
  await scene.start();
  equal((await scene.ask('contexts'))[0]?.state, 'ready');
  equal((await guest.end())[0], 0);
});

test('the next daemon may be of another build, and the one after that of the first again', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  const guest = await scene.guest();
  const before = await identities(scene);
  const program = otherBuild(join(scene.directory, 'other'), '9.9.9');
  scene.life?.child.kill('SIGTERM');
  await scene.life?.ended;
  await scene.start(program);
  equal((await scene.ask('host')).version, '9.9.9');
  deepEqual(await identities(scene), before);
  // Its VF is of the build that it came with; the next guest's is of the other one.
  const next = await scene.guest();
  const builds = (await scene.ask('contexts')).map(({ vfPid }) => readFileSync(`/proc/${vfPid}/cmdline`, 'utf8').includes('/other/packages/vf/'));
  deepEqual(builds, [false, true]);
  await scene.life?.kill();
  await scene.start();
  equal((await scene.ask('host')).adoptedCount, 2);
  for (const each of [guest, next]) equal((await each.end())[0], 0);
});

const GUEST_COUNT = Number(process.env['GPUP_TEST_GUESTS'] ?? 3);
const KILL_COUNT = Number(process.env['GPUP_TEST_KILLS'] ?? 5);

describe('a daemon is killed again and again under working guests', () => {
  test('at every named step of its start, with guests to take over', async (t) => {
    const scene = sceneFor(t);
    await scene.start();
    for (let count = 0; count < GUEST_COUNT; count++) await scene.guest();
    const before = await identities(scene);
    await scene.life?.kill();
    for (const step of DAEMON_START_STEPS) {
      const life = scene.begin(step);
      await life.frozen();
      await allGoOn(scene.guests);
      await life.kill();
      t.diagnostic(`killed at ${step}`);
    }
    await allRight(scene, before);
  });

  const seed = Number(process.env['GPUP_TEST_SEED'] ?? Date.now() % 1_000_000);
  test(`at ${KILL_COUNT} random moments, seed ${seed}`, async (t) => {
    const scene = sceneFor(t);
    const random = randomNumbers(seed);
    await scene.start();
    for (let count = 0; count < GUEST_COUNT; count++) await scene.guest();
    const before = await identities(scene);
    await scene.life?.kill();
    for (let count = 0; count < KILL_COUNT; count++) {
      const life = scene.begin();
      await new Promise((resolve) => setTimeout(resolve, random() * 1200));
      // It may also be told to end, in the middle of its start.
      life.child.kill(random() < 0.7 ? 'SIGKILL' : 'SIGTERM');
      await life.ended;
    }
    await allGoOn(scene.guests);
    await allRight(scene, before);
  });
});

/** The next daemon shows all of them as they were; their results are right; and nothing is left of them in the end. */
async function allRight(scene: DaemonScene, before: unknown): Promise<void> {
  await scene.start();
  deepEqual(await identities(scene), before);
  equal((await scene.ask('host')).adoptedCount, GUEST_COUNT);
  await allGoOn(scene.guests);
  for (const guest of scene.guests) equal((await guest.end())[0], 0);
  await noContexts(scene);
  await eventually(() => (scene.vfPids().length === 0 && scene.vfFiles().length === 0) || undefined, () => `left: ${scene.vfPids()} ${scene.vfFiles()}`);
  const { contextCount, usage } = await scene.ask('partition', 'default');
  deepEqual([contextCount, usage.vramBytes, usage.hostBytes], [0, 0, 0]);
  equal(isRunning(scene.life?.child.pid as number), true);
}

const OPERATION_STEPS = ['definitions.opened', 'definitions.written', 'definitions.renamed', 'definitions.kept', 'daemon.partition-saved'] as const;

describe('a daemon is killed in the middle of an operation on a partition', () => {
  for (const [method, steps] of [
    ['createPartition', [...OPERATION_STEPS, 'daemon.partition-made']],
    ['removePartition', ['daemon.partition-ending', ...OPERATION_STEPS, 'daemon.partition-removed']],
  ] as const) {
    test(`${method}: it is done or not, and the guest of another partition goes on`, async (t) => {
      const scene = sceneFor(t);
      await scene.start();
      const guest = await scene.guest();
      const before = await identities(scene);
      for (const step of steps) {
        await prepare(scene, method);
        await scene.life?.kill();
        const life = scene.begin(step);
        await life.ready;
        const asked = method === 'createPartition' ? scene.ask('createPartition', { name: 'extra' }) : scene.ask('removePartition', 'extra', { force: true });
        asked.catch(() => {});
        await life.frozen();
        await guest.goesOn();
        await life.kill();
        await scene.start();
        const names = (await scene.ask('partitions')).map(({ name }) => name);
        deepEqual(names.filter((name) => name !== 'extra'), ['default'], step);
        deepEqual(await identities(scene), before);
      }
      equal((await guest.end())[0], 0);
    });
  }
});

test('a daemon that is killed while an adapter is taken back from its owner leaves nothing of it to the next one', async (t) => {
  const scene = sceneFor(t, { defaultPartition: false });
  await scene.start();
  await scene.ask('setAdapterMode', 'software-0', 'dda');
  await scene.life?.kill();
  const life = scene.begin('daemon.partition-saved');
  await life.ready;
  scene.ask('setAdapterMode', 'software-0', 'partitioned').catch(() => {});
  await life.frozen();
  await life.kill();
  await scene.start();
  deepEqual([(await scene.ask('adapters'))[0]?.mode, readdirSync(join(scene.runtime, 'adapters'))], ['partitioned', []]);
});

/** To create a partition there must be none, and to remove one there must be one. */
async function prepare(scene: DaemonScene, method: 'createPartition' | 'removePartition'): Promise<void> {
  const isThere = (await scene.ask('partitions')).some(({ name }) => name === 'extra');
  if (method === 'createPartition' && isThere) await scene.ask('removePartition', 'extra', { force: true });
  if (method === 'removePartition' && !isThere) await scene.ask('createPartition', { name: 'extra' });
}

/** mulberry32: the seed is the whole reproduction. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
