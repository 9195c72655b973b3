/** Many requests at once, right ones and wrong ones, listeners that do not read, and connections that say nothing. */
import { setMaxListeners } from 'node:events';
import { type RequestOptions, request as httpRequest } from 'node:http';
import { type Socket, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '@gpup/base/testing';
import { SOAK_LIMITS } from '../limits.ts';
import { pick } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import type { Scene } from '../scene/scene.ts';

/** Of a host's 64. */
const LISTENERS_MAX = 20;

export interface Storm {
  readonly seed: number;
  readonly requestCount: number;
  readonly listenerCount: number;
  readonly silentCount: number;
}

export const STORM: StepKind<Storm> = {
  name: 'storm',
  weight: { calm: 4, rough: 3 },
  choose: (_world, random) => ({ seed: random.word(), requestCount: random.between(50, 400), listenerCount: random.below(LISTENERS_MAX), silentCount: random.below(20) }),
  foresee() {},
  async perform(scene, storm) {
    if (scene.background.isRunning('storm')) return;
    scene.background.start('storm', () => runStorm(scene, storm));
  },
};

interface Request {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Requests that are under way at once. */
const WIDTH = 8;
/** Partitions that come and go in a storm. */
const NAMES = ['storm-0', 'storm-1', 'storm-2'] as const;
const JSON_TYPE = { 'content-type': 'application/json' };
const READS = ['/v1/host', '/v1/adapters', '/v1/partitions', '/v1/contexts', '/metrics', '/v1/logs?lines=50', '/openapi.json'] as const;
const WRONG: readonly Request[] = [
  { method: 'GET', path: '/v1/nothing' },
  { method: 'PUT', path: '/v1/partitions' },
  { method: 'POST', path: '/v1/partitions', headers: JSON_TYPE, body: '{"name":' },
  { method: 'POST', path: '/v1/partitions', headers: JSON_TYPE, body: '{"name":"x","nothing":1}' },
  { method: 'POST', path: '/v1/partitions', headers: { 'content-type': 'text/plain' }, body: 'x' },
  { method: 'POST', path: '/v1/partitions', headers: JSON_TYPE, body: `{"name":"${'x'.repeat(70_000)}"}` },
  { method: 'PATCH', path: '/v1/partitions/..%2f..', headers: JSON_TYPE, body: '{}' },
  { method: 'DELETE', path: '/v1/contexts/999999' },
  { method: 'GET', path: `/v1/partitions/${'x'.repeat(3_000)}` },
  { method: 'GET', path: '/v1/host', headers: { 'x-long': 'x'.repeat(10_000) } },
  { method: 'GET', path: '/v1/host', headers: { host: 'evil.example' } },
  { method: 'GET', path: '/v1/partitions/storm-0/allocations?count=0' },
];

function drawn(random: Random): Request {
  const name = pick(random, NAMES);
  switch (random.below(10)) {
    case 0:
      return { method: 'POST', path: '/v1/partitions', headers: JSON_TYPE, body: JSON.stringify({ name, vram: { max: 1 << 20 }, compute: { max: 1 / 64 } }) };
    case 1:
      return { method: 'PATCH', path: `/v1/partitions/${name}`, headers: JSON_TYPE, body: JSON.stringify({ contextsMax: random.between(1, 64) }) };
    case 2:
      return { method: 'DELETE', path: `/v1/partitions/${name}` };
    case 3:
    case 4:
    case 5:
      return pick(random, WRONG);
    default:
      return { method: 'GET', path: pick(random, READS) };
  }
}

async function runStorm(scene: Scene, { seed, requestCount, listenerCount, silentCount }: Storm): Promise<void> {
  for (const name of NAMES) scene.ledger.leaveToOthers(name);
  const random = new Random(seed);
  const sockets = Array.from({ length: silentCount }, () => silent(scene));
  const listening = new AbortController();
  setMaxListeners(LISTENERS_MAX * 2, listening.signal);
  const listeners = Array.from({ length: listenerCount }, () => listen(scene, listening.signal));
  const requests = Array.from({ length: requestCount }, () => drawn(random));
  await Promise.all(Array.from({ length: WIDTH }, async () => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop()) await send(scene, next);
  }));
  listening.abort();
  await Promise.all(listeners);
  for (const socket of sockets) socket.destroy();
  for (const name of NAMES) await remove(scene, name);
}

/** Whatever daemon there is. */
async function remove(scene: Scene, name: string): Promise<void> {
  for (;;) {
    const { kind } = await scene.ask((host) => host.removePartition(name, { force: true }));
    if (kind !== 'interrupted') return scene.ledger.takeBack(name);
    await sleep(SOAK_LIMITS.settleLookMs);
  }
}

/** Its request never comes to an end. */
function silent(scene: Scene): Socket {
  const socket = connect(scene.keeper.apiSocketPath);
  socket.on('error', () => {});
  socket.write('GET /v1/host HTTP/1.1\r\nhost: loc');
  return socket;
}

/** Takes the first frame, and reads no further. */
async function listen(scene: Scene, signal: AbortSignal): Promise<void> {
  const { interruptions } = scene.keeper;
  try {
    const frames = scene.host.events({ signal });
    await frames.next();
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    await frames.return();
  } catch (error) {
    const { code } = error as { readonly code?: string };
    if (code !== 'rate-limited' && code !== 'listeners-exhausted' && scene.keeper.interruptions === interruptions) throw error;
  }
}

async function send(scene: Scene, { method, path, headers = {}, body }: Request): Promise<void> {
  const { interruptions } = scene.keeper;
  const isCutOff = (): boolean => scene.keeper.interruptions !== interruptions || !scene.keeper.isUp;
  const options = { socketPath: scene.keeper.apiSocketPath, agent: false, method, path, headers: { host: 'localhost', ...headers } };
  const { status, text } = await exchange(options, body);
  scene.findings.count(`requests.${status}`);
  const isError = status >= 400;
  const isRight = status !== 0 && (status < 500 || status === 503) && (!isError || /"code":"[a-z-]+"/.test(text));
  // Whoever says more than it may is cut off in the middle of it, and need not see the answer.
  const isLong = (body?.length ?? 0) > LONG_BYTES || path.length > LONG_BYTES || JSON.stringify(headers).length > LONG_BYTES;
  if (!isRight && !isCutOff() && !(isLong && status === 0)) scene.findings.violate('api-answers', `${method} ${path.slice(0, 100)} is answered with ${status}: ${text.slice(0, 500)}`);
}
const LONG_BYTES = 2_000;

function exchange(options: RequestOptions, body: string | undefined): Promise<{ readonly status: number; readonly text: string }> {
  return new Promise((resolve) => {
    const failed = (error: Error): void => resolve({ status: 0, text: error.message });
    const sent = httpRequest(options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += String(chunk);
      });
      response.on('error', failed);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

export const STORM_STEPS = [stepKind(STORM)];
