/** What a tenant may ask how often, and what is written down of changes. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, describe, test } from 'node:test';
import type { ApiServerOptions } from '../server.ts';
import { type RawAnswer, type RawRequest, TEST_TOKEN, type TestApi, openTestApi } from '../testing/test-api.ts';

async function open(t: TestContext, options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const api = await openTestApi(options);
  t.after(() => api.close());
  return api;
}

const asking = (api: TestApi, secret: string) => (request: RawRequest): Promise<RawAnswer> => api.askTcp({ ...request, headers: { ...request.headers, authorization: `Bearer ${secret}` } });
const json = (method: string, path: string, body: unknown): RawRequest => ({ method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

describe('a tenant that floods', () => {
  test('takes nothing from others behind its address, and has one allowance for all of its tokens', async (t) => {
    let nowMs = 0;
    const limits = { requestBurstMax: 2, requestsPerSecond: 1, tenantRequestBurstMax: 2, tenantRequestsPerSecond: 1 };
    const api = await open(t, { limits, nowMs: () => nowMs });
    const tokens = await Promise.all([{ tenant: 'acme' }, { tenant: 'acme' }, { tenant: 'rival' }].map(({ tenant }) => api.actions.createToken({ role: 'tenant', tenant })));
    const [one, another, rival] = tokens.map(({ secret }) => async () => (await asking(api, secret)({ path: '/v1/caller' })).status) as [() => Promise<number>, () => Promise<number>, () => Promise<number>];
    deepEqual([await one(), await another(), await one(), await another()], [200, 200, 429, 429]);
    deepEqual([await rival(), await rival(), await rival()], [200, 200, 429]);
    const configured = async (): Promise<number> => (await asking(api, TEST_TOKEN)({ path: '/v1/caller' })).status;
    deepEqual([await configured(), await configured(), await configured()], [200, 200, 429]);
    // Those without a token have the address's allowance, which none of these has touched.
    const stranger = async (): Promise<number> => (await api.askTcp({ path: '/v1/caller' })).status;
    deepEqual([await stranger(), await stranger(), await stranger()], [401, 401, 429]);
    nowMs = 1000;
    deepEqual([await one(), await one()], [200, 429]);
  });

  test('changes little: the audit log is not its to roll over', async (t) => {
    const api = await open(t, { limits: { tenantChangeBurstMax: 2, tenantChangesPerSecond: 1 }, nowMs: () => 0 });
    const ask = asking(api, (await api.actions.createToken({ role: 'tenant', tenant: 'acme' })).secret);
    const change = async (): Promise<number> => (await ask({ method: 'DELETE', path: '/v1/contexts/7' })).status;
    deepEqual([await change(), await change(), await change()], [404, 404, 429]);
    equal((await ask({ path: '/v1/caller' })).status, 200);
    equal(api.actions.audit.length, 2);
  });
});

describe('the audit log', () => {
  test('tells who has changed what, and what became of it', async (t) => {
    const api = await open(t);
    const { token, secret } = await api.actions.createToken({ role: 'operator' });
    const ask = asking(api, secret);
    await ask(json('POST', '/v1/partitions', { name: 'alpha', vram: { max: 1 << 20 } }));
    await ask(json('POST', '/v1/partitions', { name: 'alpha' }));
    await api.ask(json('PATCH', '/v1/partitions/alpha', { contextsMax: 3 }));
    await api.ask({ method: 'DELETE', path: '/v1/partitions/alpha?force' });
    const told = api.actions.audit.map(({ by, token: id, peer, operation, target, asked, outcome }) => [by, id, peer, operation, target, JSON.parse(asked), outcome]);
    deepEqual(told, [
      ['operator', token.id, '127.0.0.1', 'createPartition', '', { name: 'alpha', vram: { max: 1 << 20 } }, 'done'],
      ['operator', token.id, '127.0.0.1', 'createPartition', '', { name: 'alpha' }, 'partition-exists'],
      ['operator', null, 'socket', 'changePartition', 'alpha', { contextsMax: 3 }, 'done'],
      ['operator', null, 'socket', 'removePartition', 'alpha', { force: true }, 'done'],
    ]);
  });

  test('does not take a peer that has gone for one of the Unix socket', async (t) => {
    const api = await open(t);
    const { secret } = await api.actions.createToken({ role: 'operator' });
    const socket = connect({ host: '127.0.0.1', port: api.port });
    await once(socket, 'connect');
    socket.write(`DELETE /v1/contexts/7 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${secret}\r\n\r\n`);
    socket.resetAndDestroy();
    while (api.actions.audit.length === 0) await new Promise((resolve) => setImmediate(resolve));
    match(api.actions.audit[0]?.peer ?? '', /^(gone|127\.0\.0\.1)$/);
  });

  test('tells of what a tenant has tried, without what it has sent', async (t) => {
    const api = await open(t);
    await api.actions.createPartition({ name: 'others', tenant: 'rival' });
    await api.actions.createPartition({ name: 'own', tenant: 'acme' });
    const ask = asking(api, (await api.actions.createToken({ role: 'tenant', tenant: 'acme' })).secret);
    for (const name of ['others', 'own']) await ask(json('PATCH', `/v1/partitions/${name}`, { contextsMax: 3 }));
    const told = api.actions.audit.map(({ by, tenant, operation, target, asked, outcome }) => [by, tenant, operation, target, asked, outcome]);
    deepEqual(told, [
      ['tenant', 'acme', 'changePartition', 'others', '{}', 'unknown-partition'],
      ['tenant', 'acme', 'changePartition', 'own', '{}', 'operator-only'],
    ]);
  });

  test('has no secret, whatever is done with tokens', async (t) => {
    const api = await open(t);
    const issued = (await api.ask(json('POST', '/v1/tokens', { role: 'tenant', tenant: 'acme' }))).json as { token: { id: string }; secret: string };
    const rotated = (await api.ask(json('POST', `/v1/tokens/${issued.token.id}/rotate`, { graceMs: 5 }))).json as { secret: string };
    await api.ask({ method: 'DELETE', path: `/v1/tokens/${issued.token.id}` });
    const text = JSON.stringify(api.actions.audit);
    equal(api.actions.audit.length, 3);
    for (const { secret } of [issued, rotated]) ok(!text.includes(secret));
  });

  test('that cannot be written refuses every change, and nothing else', async (t) => {
    const api = await open(t);
    await api.actions.createPartition({ name: 'alpha' });
    const context = api.actions.openContext('alpha');
    api.access.isAuditBroken = true;
    const before = JSON.stringify([api.actions.partitions(), api.actions.contexts(), api.actions.adapters()]);
    for (const request of [
      json('POST', '/v1/partitions', { name: 'beta' }),
      json('PATCH', '/v1/partitions/alpha', { contextsMax: 3 }),
      { method: 'DELETE', path: '/v1/partitions/alpha?force' },
      { method: 'POST', path: '/v1/partitions/alpha/unblock' },
      { method: 'DELETE', path: `/v1/contexts/${context}` },
      json('PATCH', '/v1/adapters/software-1', { mode: 'dda' }),
      json('POST', '/v1/tokens', { role: 'operator' }),
    ]) {
      const { status, json: body } = await api.ask(request);
      deepEqual([status, (body as { error: { code: string } }).error.code], [503, 'audit-unavailable'], request.path);
    }
    equal(JSON.stringify([api.actions.partitions(), api.actions.contexts(), api.actions.adapters()]), before);
    deepEqual(api.actions.tokens(), []);
    equal((await api.ask({ path: '/v1/partitions/alpha' })).status, 200);
    // What is not right is refused as ever: nothing was asked for.
    equal((await api.ask(json('POST', '/v1/partitions', { name: 7 }))).status, 400);
  });
});
