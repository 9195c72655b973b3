/**
 * Guests that hang the GPU, their compiler or their VF lose their own context and nothing else, under a real daemon with
 * short limits; neighbours' results are checked round by round meanwhile.
 */
import { deepEqual, equal, match } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { HostEvent, PartitionUsage, PartitionView } from '@gpup/pf/actions';
import { isStopped } from './testing/processes.ts';
import { type Culprit, DaemonScene, type WorkingGuest } from './testing/daemon-scene.ts';
import { eventually } from './testing/scenario.ts';
import { until } from './testing/until.ts';

const DELAY_MS = 1_500;
const DDI_DELAY_MS = 3_000;
/** Long enough for all of a test. */
const LIMIT_TIME_MS = 600_000;
const APERTURE_BYTES_MIN = 32 * 2 ** 20;

function sceneFor(t: TestContext, { delayMs = DELAY_MS, limitCount = 5 } = {}): DaemonScene {
  const software = { delayMs, ddiDelayMs: DDI_DELAY_MS };
  const scene = new DaemonScene({ pool: 1, tdr: { software, limitCount, limitTimeMs: LIMIT_TIME_MS } });
  t.after(() => scene.close());
  return scene;
}

/** Of a partition without contexts, or with the one that was there at first. */
type Rest = Pick<PartitionUsage, 'vramBytes' | 'hostBytes'>;
const NOTHING: Rest = { vramBytes: 0, hostBytes: 0 };

/** Resolves when nothing of other contexts is left: no memory of the partition's, and of the `vfCount` VFs of guests one waits besides. */
async function only(scene: DaemonScene, partition: string, { rest, vfCount }: { readonly rest: Rest; readonly vfCount: number }): Promise<PartitionView> {
  // An aperture alone is more than what a context's host memory goes up and down by.
  const isRest = ({ usage }: PartitionView): boolean => usage.vramBytes === rest.vramBytes && usage.hostBytes < rest.hostBytes + APERTURE_BYTES_MIN;
  const view = await until(() => scene.ask('partition', partition), isRest);
  await eventually(() => scene.vfPids().length <= vfCount + 1 || undefined, () => `VFs are left: ${scene.vfPids()}`);
  return view;
}

async function vfPidOf(scene: DaemonScene, { pid }: Culprit): Promise<number> {
  return (await scene.ask('contexts')).find(({ guestPid }) => guestPid === pid)?.vfPid as number;
}

function quantiles(timesMs: readonly number[]): string {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const at = (q: number): string => `p${q * 100} ${sorted[Math.floor(sorted.length * q)]?.toFixed(2)} ms`;
  return `${at(0.5)}, ${at(0.99)} of ${sorted.length} steps`;
}

const OWN = /\. It was the work of this device\.$/;
const ANOTHER = /\. It was the work of another device\.$/;
const UNKNOWN = /; the context's VF process was ended\.$/;

interface Hang {
  readonly kind: string;
  readonly event: string;
  readonly guilty: RegExp;
  readonly innocent: RegExp;
}

/** As many as a partition may have, but for the last. */
const HANGS: readonly Hang[] = [
  { kind: 'compute', event: 'tdr-submit', guilty: OWN, innocent: ANOTHER },
  { kind: 'fragment', event: 'tdr-submit', guilty: OWN, innocent: ANOTHER },
  { kind: 'compile', event: 'tdr-thread', guilty: OWN, innocent: ANOTHER },
  { kind: 'compile-async', event: 'tdr-compile', guilty: OWN, innocent: ANOTHER },
  { kind: 'stop', event: 'tdr-ping', guilty: UNKNOWN, innocent: UNKNOWN },
  { kind: 'destroy', event: 'tdr-thread', guilty: /^Device was destroyed\.$/, innocent: UNKNOWN },
];

async function hang(scene: DaemonScene, culprit: Culprit, kind: string): Promise<Readonly<Record<string, unknown>>> {
  if (kind !== 'stop') return culprit.tell(`hang ${kind}`);
  const vfPid = await vfPidOf(scene, culprit);
  process.kill(vfPid, 'SIGSTOP');
  await eventually(() => isStopped(vfPid) || undefined, () => `process ${vfPid} does not stop`);
  return culprit.tell('await');
}

test('each kind of hang costs its own context alone, and the sixth blocks the partition until it is unblocked', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  await scene.ask('createPartition', { name: 'shared' });
  const events: HostEvent[] = [];
  await scene.listen((event) => events.push(event));
  const beside = await scene.guest();
  const within = await scene.guest(scene.socketOf('shared'));
  await beside.goesOn(50);
  const aloneCount = beside.rounds;
  t.diagnostic(`a neighbour without a culprit: ${quantiles(beside.roundTimesMs())}`);
  const before = await scene.ask('partition', 'shared');
  const culprit = scene.culprit('shared');

  for (const [index, { kind, guilty, innocent }] of HANGS.entries()) {
    deepEqual(await culprit.tell('open'), { opened: 2 }, `before ${kind}`);
    // Also after what was before: a fresh VF.
    deepEqual(await culprit.tell('check'), { isRight: true });
    const losses = await hang(scene, culprit, kind);
    t.diagnostic(`${kind}: ${losses['innocent']}`);
    match(losses['guilty'] as string, guilty);
    match(losses['innocent'] as string, innocent);
    await beside.goesOn();
    if (index === HANGS.length - 1) break;
    await within.goesOn();
    const { usage, state, contextCount } = await only(scene, 'shared', { rest: before.usage, vfCount: 2 });
    deepEqual([state.kind, usage.tdrCount, contextCount], ['active', index + 1, 1]);
  }
  t.diagnostic(`a neighbour in another partition meanwhile: ${quantiles(beside.roundTimesMs(aloneCount))}`);
  t.diagnostic(`a neighbour in the same partition meanwhile: ${quantiles(within.roundTimesMs())}`);

  const sentence = `Partition "shared" is blocked until an operator unblocks it: More than 5 timeouts within ${LIMIT_TIME_MS / 1000} s.`;
  deepEqual(await within.ended(), [3, `lost ${sentence}`]);
  const { usage, state, contextCount } = await only(scene, 'shared', { rest: NOTHING, vfCount: 1 });
  deepEqual([state.kind, usage.tdrCount, usage.hostBytes, contextCount], ['blocked', HANGS.length, 0, 0]);
  deepEqual(await culprit.tell('open'), { code: 'partition-blocked', message: sentence });
  const ofShared = events.filter((event) => 'partition' in event && event.partition === 'shared');
  deepEqual(ofShared.flatMap((event) => (event.type === 'tdr' ? [event.code] : [])), HANGS.map(({ event }) => event));
  deepEqual(ofShared.flatMap((event) => (event.type === 'context-ended' ? [event.code] : [])).sort(), ['partition-blocked', ...HANGS.map(() => 'tdr')]);
  equal(ofShared.filter(({ type }) => type === 'partition-blocked').length, 1);
  deepEqual(events.filter((event) => 'partition' in event && event.partition === 'default' && event.type !== 'context-opened'), []);

  await scene.life?.kill();
  await scene.start();
  deepEqual(await culprit.tell('open'), { code: 'partition-blocked', message: sentence });
  equal((await scene.ask('unblockPartition', 'shared')).state.kind, 'active');
  deepEqual(await culprit.tell('open'), { opened: 2 });
  deepEqual(await culprit.tell('check'), { isRight: true });
  match((await culprit.tell('hang compute'))['guilty'] as string, OWN);
  // One that counts is the first again.
  deepEqual(await culprit.tell('open'), { opened: 2 });

  await scene.life?.kill();
  await scene.start();
  equal((await scene.ask('host')).adoptedCount, 2);
  deepEqual(await culprit.tell('check'), { isRight: true });
  const { guilty, innocent } = await culprit.tell('hang compute');
  match(guilty as string, OWN);
  match(innocent as string, ANOTHER);
  const after = await only(scene, 'shared', { rest: NOTHING, vfCount: 1 });
  // The VF that was taken over has kept the count of the daemon before.
  deepEqual([after.state.kind, after.usage.tdrCount, after.usage.hostBytes], ['active', 2, 0]);
  await endsWell(beside);
});

async function endsWell(guest: WorkingGuest): Promise<void> {
  await guest.goesOn();
  equal((await guest.end())[0], 0);
}

const BLOCKED_AT_ONCE = `Partition "default" is blocked until an operator unblocks it: More than 0 timeouts within ${LIMIT_TIME_MS / 1000} s.`;

test('a partition that was blocked in the last moment of a daemon has no guests under the next one', async (t) => {
  const scene = sceneFor(t, { limitCount: 0 });
  const life = scene.begin('daemon.partition-saved');
  await life.ready;
  const neighbour = await scene.guest();
  const culprit = scene.culprit('default');
  await culprit.tell('open');
  await culprit.tell('begin compute');
  await life.frozen();
  await neighbour.goesOn();
  await life.kill();
  await scene.start();
  deepEqual(await neighbour.ended(), [3, `lost ${BLOCKED_AT_ONCE}`]);
  const { state, contextCount } = await only(scene, 'default', { rest: NOTHING, vfCount: 0 });
  deepEqual([state.kind, contextCount, (await scene.ask('host')).adoptedCount], ['blocked', 0, 0]);
});

test('a partition is blocked also where that cannot be saved', async (t) => {
  const scene = sceneFor(t, { limitCount: 0 });
  await scene.start();
  const culprit = scene.culprit('default');
  await culprit.tell('open');
  scene.spoilState();
  await culprit.tell('hang compute');
  deepEqual(await culprit.tell('open'), { code: 'partition-blocked', message: BLOCKED_AT_ONCE });
  match((await scene.ask('logLines', { countMax: 20 })).join('\n'), /cannot be saved/);
});

test('many short submits, one long submit, and a backlog that takes longer than one submit may are no timeouts', async (t) => {
  // Other programs of the machine make a submit take several times as long as it does alone.
  const delayMs = 3 * DELAY_MS;
  const scene = sceneFor(t, { delayMs });
  await scene.start();
  const culprit = scene.culprit('default');
  const neighbour = await scene.guest();
  deepEqual(await culprit.tell('open'), { opened: 2 });
  const { isRight, submitCount } = await culprit.tell(`busy ${delayMs + 500}`);
  equal(isRight, true);
  t.diagnostic(`${submitCount} short submits within ${delayMs + 500} ms`);
  t.diagnostic(`one submit took ${(await culprit.tell(`long ${delayMs / 9}`))['tookMs']} of ${delayMs} ms`);
  // Eight of them, which one question covers, take longer than one may.
  t.diagnostic(`twelve submits at once took ${(await culprit.tell(`burst 12 ${delayMs / 6}`))['tookMs']} ms`);
  deepEqual(await culprit.tell('check'), { isRight: true });
  equal((await scene.ask('partition', 'default')).usage.tdrCount, 0);
  await endsWell(neighbour);
});

test('a guest that ends under an endless shader leaves nothing, and it is no timeout', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  for (const kind of ['compute', 'destroy', 'compile']) {
    const culprit = scene.culprit('default');
    await culprit.tell('open');
    await culprit.tell(`begin ${kind}`);
    const vfPid = await vfPidOf(scene, culprit);
    culprit.kill();
    await eventually(() => !scene.vfPids().includes(vfPid) || undefined, () => `VF ${vfPid} lives on after ${kind}`);
    const { usage } = await only(scene, 'default', { rest: NOTHING, vfCount: 0 });
    deepEqual([usage.tdrCount, usage.hostBytes], [0, 0], kind);
  }
});

test('a guest that has no memory left to hang with is told so, and loses nothing', async (t) => {
  const scene = sceneFor(t);
  await scene.start();
  await scene.ask('createPartition', { name: 'tiny', vram: { min: 16_384, optimal: 16_384, max: 16_384 } });
  const culprit = scene.culprit('tiny');
  deepEqual(await culprit.tell('open'), { opened: 2 });
  await culprit.tell('fill');
  for (const kind of ['compute', 'destroy']) match(String((await culprit.tell(`hang ${kind}`))['refused']), /16384/);
  const [context] = await scene.ask('contexts');
  deepEqual([context?.state, context?.submitCount, context?.completedCount], ['ready', 2, 2]);
  equal((await scene.ask('partition', 'tiny')).usage.tdrCount, 0);
});
