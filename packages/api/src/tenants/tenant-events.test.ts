/** Events of a tenant: its own, with numbers of their own, as long as its token is taken. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { type TestContext, describe, test } from 'node:test';
import { WebSocket } from 'ws';
import { API_LIMITS } from '../limits.ts';
import type { ApiServerOptions } from '../server.ts';
import { type TestApi, openTestApi } from '../testing/test-api.ts';

interface Listening {
  next(): Promise<unknown>;
  readonly closed: Promise<readonly [number, string]>;
  readonly socket: WebSocket;
}

async function open(t: TestContext, options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const api = await openTestApi(options);
  t.after(() => api.close());
  for (const [name, tenant] of [['own', 'acme'], ['others', 'rival']] as const) await api.actions.createPartition({ name, tenant });
  await api.actions.createPartition({ name: 'nobodys' });
  return api;
}

async function tokenOf(api: TestApi, tenant: string): Promise<string> {
  return (await api.actions.createToken({ role: 'tenant', tenant })).secret;
}

function listen(api: TestApi, secret: string, query = ''): Listening {
  const socket = new WebSocket(`ws://127.0.0.1:${api.port}/v1/events${query}`, { headers: { authorization: `Bearer ${secret}` } });
  const frames: unknown[] = [];
  const waiting: ((frame: unknown) => void)[] = [];
  socket.on('message', (data) => {
    const taker = waiting.shift();
    if (taker === undefined) frames.push(JSON.parse(String(data)));
    else taker(JSON.parse(String(data)));
  });
  const closed = new Promise<readonly [number, string]>((resolve) => socket.on('close', (code, reason) => resolve([code, String(reason)])));
  return { socket, closed, next: () => (frames.length > 0 ? Promise.resolve(frames.shift()) : new Promise((resolve) => waiting.push(resolve))) };
}

function refusal(api: TestApi, secret: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`ws://127.0.0.1:${api.port}/v1/events`, { headers: { authorization: `Bearer ${secret}` } });
    socket.on('open', () => reject(new Error('It was let in.')));
    socket.on('error', reject);
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(`${response.statusCode} ${(JSON.parse(text) as { error: { code: string; message: string } }).error.message}`));
    });
  });
}

const hello = (newestSequence: number) => ({ type: 'hello', startedMs: 1_700_000_000_000, newestSequence });
const changed = (sequence: number, partition = 'own') => ({ sequence, timeMs: 1_700_000_000_000, type: 'partition-changed', partition });

describe('a tenant that listens', () => {
  test('hears of its own partitions alone, and no number is missing', async (t) => {
    const api = await open(t);
    const { next } = listen(api, await tokenOf(api, 'acme'));
    deepEqual(await next(), hello(0));
    const emit = (partition: string): void => api.actions.emit({ type: 'partition-changed', partition });
    for (const partition of ['others', 'own', 'nobodys', 'others', 'own']) emit(partition);
    api.actions.emit({ type: 'adapter-changed', adapter: 'software-0' });
    emit('own');
    deepEqual([await next(), await next(), await next()], [changed(1), changed(2), changed(3)]);
  });

  test('that comes back gets what it lacks, by its own numbers', async (t) => {
    const api = await open(t);
    const secret = await tokenOf(api, 'acme');
    const first = listen(api, secret);
    await first.next();
    first.socket.terminate();
    await first.closed;
    for (const partition of ['own', 'others', 'own']) api.actions.emit({ type: 'partition-changed', partition });
    const { next } = listen(api, secret, '?after=1');
    deepEqual([await next(), await next()], [hello(2), changed(2)]);
    // An operator's numbers count everything.
    const operator = listen(api, (await api.actions.createToken({ role: 'operator' })).secret);
    deepEqual(await operator.next(), hello(6));
  });

  test('is told of the removal of its partition, and of nothing under the name after that', async (t) => {
    const api = await open(t);
    const { next } = listen(api, await tokenOf(api, 'acme'));
    await next();
    await api.actions.removePartition('own', { force: false });
    await api.actions.createPartition({ name: 'own', tenant: 'rival' });
    await api.actions.createPartition({ name: 'another', tenant: 'acme' });
    deepEqual(((await next()) as { type: string }).type, 'partition-removed');
    deepEqual(await next(), { sequence: 2, timeMs: 1_700_000_000_000, type: 'partition-created', partition: 'another' });
  });

  test('hears nothing more once its token is revoked', async (t) => {
    const api = await open(t, { limits: { pingMs: 1e6 } });
    const { id } = (await api.actions.createToken({ role: 'tenant', tenant: 'acme' })).token;
    const { secret } = await api.actions.rotateToken(id, { graceMs: 0 });
    const { next, closed } = listen(api, secret);
    await next();
    await api.actions.revokeToken(id);
    api.actions.emit({ type: 'partition-changed', partition: 'own' });
    deepEqual(await closed, [4003, 'The token is not taken any more.']);
  });

  test('is closed once its secret is rotated away, also where nothing happens', async (t) => {
    const api = await open(t, { limits: { pingMs: 20 } });
    const { token: { id }, secret } = await api.actions.createToken({ role: 'tenant', tenant: 'acme' });
    const { next, closed } = listen(api, secret);
    await next();
    const rotated = await api.actions.rotateToken(id, { graceMs: 0 });
    equal((await closed)[0], 4003);
    deepEqual(await listen(api, rotated.secret).next(), hello(0));
  });

  test('takes no place from others, nor from operators', async (t) => {
    const api = await open(t, { limits: { tenantListenersMax: 2, listenersMax: 1 } });
    const [acme, rival] = [await tokenOf(api, 'acme'), await tokenOf(api, 'rival')];
    for (const secret of [acme, acme, rival]) await listen(api, secret).next();
    equal(await refusal(api, acme), '503 2 listen to events already, which is the limit (2).');
    await listen(api, rival).next();
    await listen(api, (await api.actions.createToken({ role: 'operator' })).secret).next();
  });

  test('is refused where all tenants together have the last place, and is told nothing of them', async (t) => {
    const api = await open(t, { limits: { tenantListenersTotalMax: 1 } });
    await listen(api, await tokenOf(api, 'rival')).next();
    equal(await refusal(api, await tokenOf(api, 'acme')), '503 The host has no room for a further listener.');
  });

  test('leaves connections for requests, where there are as many listeners as there may be', () => {
    const { connectionsMax, listenersMax, tenantListenersTotalMax } = API_LIMITS;
    ok(listenersMax + tenantListenersTotalMax <= connectionsMax - 64);
  });
});
