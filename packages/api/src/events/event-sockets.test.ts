/** Events over real WebSockets: what comes, what was missed, and who is dropped. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { connect } from 'node:net';
import { type TestContext, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import type { ApiServerOptions } from '../server.ts';
import { TEST_TOKEN, type TestApi, openTestApi } from '../testing/test-api.ts';

async function open(t: TestContext, options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const api = await openTestApi(options);
  t.after(() => api.close());
  return api;
}

interface Listening {
  readonly socket: WebSocket;
  /** The next frame, as it is. */
  next(): Promise<unknown>;
  readonly closed: Promise<readonly [number, string]>;
}

function listen(api: TestApi, query = ''): Listening {
  const socket = new WebSocket(`ws://localhost/v1/events${query}`, { createConnection: () => connect(api.socketPath) } as object);
  const frames: unknown[] = [];
  const waiting: ((frame: unknown) => void)[] = [];
  socket.on('message', (data) => {
    const frame = JSON.parse(String(data)) as unknown;
    const taker = waiting.shift();
    if (taker === undefined) frames.push(frame);
    else taker(frame);
  });
  const closed = new Promise<readonly [number, string]>((resolve) => socket.on('close', (code, reason) => resolve([code, String(reason)])));
  return { socket, closed, next: () => (frames.length > 0 ? Promise.resolve(frames.shift()) : new Promise((resolve) => waiting.push(resolve))) };
}

/** The status and the code of an upgrade that was refused. */
function refusal(address: string, options: object): Promise<readonly [number, string]> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address, options);
    socket.on('open', () => reject(new Error('It was let in.')));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve([response.statusCode ?? 0, (JSON.parse(text) as { error: { code: string } }).error.code]));
    });
  });
}

const hello = (newestSequence: number) => ({ type: 'hello', startedMs: 1_700_000_000_000, newestSequence });
const event = (sequence: number) => ({ sequence, timeMs: 1_700_000_000_000, type: 'adapter-changed', adapter: 'software-0' });
const emit = (api: TestApi, count = 1): void => {
  for (let made = 0; made < count; made++) api.actions.emit({ type: 'adapter-changed', adapter: 'software-0' });
};

describe('a listener', () => {
  test('hears what comes after its hello, and nothing of before', async (t) => {
    const api = await open(t);
    emit(api, 2);
    const { next } = listen(api);
    deepEqual(await next(), hello(2));
    emit(api, 2);
    deepEqual([await next(), await next()], [event(3), event(4)]);
  });

  test('that comes back gets what it lacks', async (t) => {
    const api = await open(t);
    emit(api, 3);
    const { next } = listen(api, '?after=1');
    deepEqual([await next(), await next(), await next()], [hello(3), event(2), event(3)]);
    emit(api);
    deepEqual(await next(), event(4));
  });

  test('that comes back too late is told so', async (t) => {
    const api = await open(t, { limits: { backlogEventsMax: 2 } });
    emit(api, 5);
    const { next } = listen(api, '?after=1');
    deepEqual([await next(), await next(), await next(), await next()], [hello(5), { type: 'missed', after: 1, oldestSequence: 4 }, event(4), event(5)]);
  });

  test('that knows the host before this one is told so', async (t) => {
    const api = await open(t);
    const { next } = listen(api, '?after=7');
    deepEqual([await next(), await next()], [hello(0), { type: 'missed', after: 7, oldestSequence: 0 }]);
  });

  test('that speaks is closed', async (t) => {
    const api = await open(t);
    const { socket, next, closed } = listen(api);
    await next();
    socket.send('hello');
    deepEqual(await closed, [1008, 'A listener has nothing to say.']);
  });

  test('that says too much is closed', async (t) => {
    const api = await open(t);
    const { socket, next, closed } = listen(api);
    await next();
    socket.send('x'.repeat(2000));
    equal((await closed)[0], 1009);
  });

  test('that does not read is dropped, with a code, and others hear on', async (t) => {
    // What the kernel takes (some hundreds of KiB) is not counted.
    const api = await open(t, { limits: { listenerBytesMax: 64 << 10, pingMs: 1e6 } });
    const slow = listen(api);
    const quick = listen(api);
    await Promise.all([slow.next(), quick.next()]);
    slow.socket.pause();
    const message = 'm'.repeat(16 << 10);
    const said = 200;
    for (let sequence = 1; sequence <= said; sequence++) {
      api.actions.emit({ type: 'context-ended', partition: 'alpha', context: 1, code: 'fault', message });
      deepEqual(((await quick.next()) as { sequence: number }).sequence, sequence);
    }
    slow.socket.resume();
    const [code, reason] = await slow.closed;
    equal(code, 4001);
    match(reason, /^More than 65536 bytes of events are unread\.$/);
  });

  test('that has vanished is noticed by its silence', async (t) => {
    const api = await open(t, { limits: { pingMs: 20 } });
    const socket = new WebSocket('ws://localhost/v1/events', { createConnection: () => connect(api.socketPath), autoPong: false } as object);
    const [code] = await new Promise<readonly [number]>((resolve) => socket.on('close', (closeCode) => resolve([closeCode])));
    equal(code, 1006);
  });

  test('that answers stays', async (t) => {
    const api = await open(t, { limits: { pingMs: 20 } });
    const { socket, next } = listen(api);
    await next();
    for (let pings = 0; pings < 5; pings++) await new Promise((resolve) => socket.once('ping', resolve));
    emit(api);
    deepEqual(await next(), event(1));
  });

  test('is told when the host ends', async (t) => {
    const api = await open(t);
    const { next, closed } = listen(api);
    await next();
    await api.close();
    deepEqual([await closed, api.actions.listenerCount], [[1001, 'The host ends.'], 0]);
  });

  test('beyond the limit is refused, and may come when another has gone', async (t) => {
    const api = await open(t, { limits: { listenersMax: 1 } });
    const first = listen(api);
    await first.next();
    const options = { createConnection: () => connect(api.socketPath) };
    deepEqual(await refusal('ws://localhost/v1/events', options), [503, 'listeners-exhausted']);
    first.socket.close();
    await first.closed;
    const second = listen(api);
    deepEqual(await second.next(), hello(0));
  });
});

describe('over TCP', () => {
  test('a listener needs the token, and our name', async (t) => {
    const api = await open(t);
    const address = `ws://127.0.0.1:${api.port}/v1/events`;
    const authorization = `Bearer ${TEST_TOKEN}`;
    deepEqual(await refusal(address, {}), [401, 'unauthorized']);
    deepEqual(await refusal(address, { headers: { authorization: 'Bearer wrong' } }), [401, 'unauthorized']);
    deepEqual(await refusal(address, { headers: { authorization, host: 'attacker.example' } }), [421, 'host-not-allowed']);
    const socket = new WebSocket(address, { headers: { authorization } });
    deepEqual(JSON.parse(await new Promise((resolve) => socket.once('message', (data) => resolve(String(data))))), hello(0));
  });
});
