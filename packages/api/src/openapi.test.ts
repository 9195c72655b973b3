/** The server's routes, the document, and the answers that the server really gives say the same. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { type OpenApiDocument, openApiDocument } from './openapi.ts';
import { EVENTS_PATH, OPENAPI_PATH, ROUTES } from './routes/table.ts';
import { STATUSES } from './statuses.ts';
import { type RawRequest, type TestApi, openTestApi } from './testing/test-api.ts';

const committed = readFileSync(new URL('../openapi.json', import.meta.url), 'utf8');

interface Response {
  readonly content?: Readonly<Record<string, { readonly schema: object }>>;
}
const document = JSON.parse(committed) as OpenApiDocument & { components: { schemas: Record<string, object> } };
const responsesOf = (path: string, method: string): Readonly<Record<string, Response>> => document.paths[path]?.[method.toLowerCase()]?.responses as Record<string, Response>;

let api: TestApi;
before(async () => {
  api = await openTestApi();
  await api.actions.createPartition({ name: 'alpha', size: '1/4', baseline: { features: ['timestamp-query'], limits: { maxBufferSize: 2 ** 28 } }, escapes: ['statistics'] });
  await api.actions.createPartition({ name: 'beta' });
  api.actions.block('beta', 'The sixth timeout in 60 s.');
  api.actions.openContext('alpha', [{ label: 'weights', kind: 'buffer', bytes: 1 << 20 }]);
  api.actions.openContext('alpha');
  api.actions.log('gpup host: hello');
});
after(() => api.close());

test('the committed document is what the schemas give (else: node packages/api/dist/write-openapi.js)', () => {
  equal(committed, `${JSON.stringify(openApiDocument(), null, 2)}\n`);
});

test('the served document is the committed one', async () => {
  deepEqual((await api.ask({ path: OPENAPI_PATH })).json, document);
});

describe('each operation of the document is served', () => {
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const method of Object.keys(operations)) {
      test(`${method} ${path}`, async () => {
        const { status, json } = await api.ask({ method: method.toUpperCase(), path: path.replace(/\{\w+\}/, '9') });
        const code = (json as { error?: { code: string } } | null)?.error?.code;
        ok(status !== 405 && code !== 'path-not-found', `${status} ${code}`);
      });
    }
  }
});

describe('nothing else is served', () => {
  const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];
  const known = [...new Set([...ROUTES.map(({ path }) => path), EVENTS_PATH, OPENAPI_PATH])];
  test('each route is in the document', () => {
    const documented = Object.entries(document.paths).flatMap(([path, operations]) => Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`));
    const served = [...ROUTES.map(({ method, path }) => `${method} ${path}`), `GET ${EVENTS_PATH}`, `GET ${OPENAPI_PATH}`];
    deepEqual(documented.sort(), served.sort());
  });
  for (const path of known) {
    for (const method of methods.filter((candidate) => document.paths[path]?.[candidate.toLowerCase()] === undefined)) {
      test(`${method} ${path}`, async () => equal((await api.ask({ method, path: path.replace(/\{\w+\}/, '9') })).status, 405));
    }
  }
});

test('operations have names of their own', () => {
  const ids = Object.values(document.paths).flatMap((operations) => Object.values(operations).map(({ operationId }) => operationId));
  deepEqual(ids, [...new Set(ids)]);
});

test('each reference leads somewhere', () => {
  const references = [...committed.matchAll(/"\$ref": "#\/components\/(\w+)\/(\w+)"/g)];
  ok(references.length > 50);
  for (const [, kind = '', name = ''] of references) ok(Object.hasOwn(document.components[kind as 'schemas'], name), `${kind}/${name}`);
});

test('each code is told of', () => {
  deepEqual(Object.keys(STATUSES).filter((code) => !committed.includes(`\`${code}\` (${STATUSES[code as keyof typeof STATUSES]})`)), []);
});

describe('real answers are what the document says', () => {
  const patch = (path: string, body: object): RawRequest => ({ method: 'PATCH', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const requests: readonly (readonly [path: string, RawRequest])[] = [
    ['/v1/host', { path: '/v1/host' }],
    ['/v1/logs', { path: '/v1/logs?lines=5' }],
    ['/v1/adapters', { path: '/v1/adapters' }],
    ['/v1/adapters/{id}', patch('/v1/adapters/software-1', { mode: 'dda' })],
    ['/v1/adapters/{id}', patch('/v1/adapters/software-9', { mode: 'dda' })],
    ['/v1/adapters/{id}', patch('/v1/adapters/software-0', { mode: 'dda' })],
    ['/v1/adapters/{id}', patch('/v1/adapters/software-0', {})],
    ['/v1/adapters/{id}/scheduling', patch('/v1/adapters/software-0/scheduling', { policy: 'fixed-share', sliceMs: 30 })],
    ['/v1/adapters/{id}/scheduling', patch('/v1/adapters/software-9/scheduling', { sliceMs: 30 })],
    ['/v1/adapters/{id}/scheduling', patch('/v1/adapters/software-0/scheduling', { sliceMs: 101 })],
    ['/v1/partitions', { path: '/v1/partitions' }],
    ['/v1/partitions', { ...patch('/v1/partitions', { name: 'gamma', vram: { min: 1, max: 2 ** 30 } }), method: 'POST' }],
    ['/v1/partitions', { ...patch('/v1/partitions', { name: 'gamma' }), method: 'POST' }],
    ['/v1/partitions', { ...patch('/v1/partitions', { name: 'delta', size: '7/5' }), method: 'POST' }],
    ['/v1/partitions', { method: 'POST', path: '/v1/partitions', headers: { 'content-type': 'text/xml' }, body: '<a/>' }],
    ['/v1/partitions/{name}', { path: '/v1/partitions/alpha' }],
    ['/v1/partitions/{name}', { path: '/v1/partitions/beta' }],
    ['/v1/partitions/{name}', { path: '/v1/partitions/none' }],
    ['/v1/partitions/{name}', patch('/v1/partitions/alpha', { contextsMax: 3, escapes: [], whenInUse: 'wait' })],
    ['/v1/partitions/{name}', patch('/v1/partitions/alpha', { vram: { min: 1, optimal: 1 } })],
    ['/v1/partitions/{name}', { method: 'DELETE', path: '/v1/partitions/alpha' }],
    ['/v1/partitions/{name}', { method: 'DELETE', path: '/v1/partitions/gamma' }],
    ['/v1/partitions/{name}/unblock', { method: 'POST', path: '/v1/partitions/beta/unblock' }],
    ['/v1/partitions/{name}/allocations', { path: '/v1/partitions/alpha/allocations?count=3' }],
    ['/v1/contexts', { path: '/v1/contexts' }],
    ['/v1/contexts/{id}', { method: 'DELETE', path: '/v1/contexts/2' }],
    ['/v1/contexts/{id}', { method: 'DELETE', path: '/v1/contexts/2' }],
    ['/v1/caller', { path: '/v1/caller' }],
    ['/v1/tokens', { ...patch('/v1/tokens', { role: 'tenant', tenant: 'acme', name: 'ci' }), method: 'POST' }],
    ['/v1/tokens', { ...patch('/v1/tokens', { role: 'tenant' }), method: 'POST' }],
    ['/v1/tokens/{id}/rotate', { ...patch('/v1/tokens/aaaaaaaaaa/rotate', { graceMs: 7 }), method: 'POST' }],
    ['/v1/tokens/{id}/rotate', { ...patch('/v1/tokens/zzzzzzzzzz/rotate', {}), method: 'POST' }],
    ['/v1/tokens', { path: '/v1/tokens' }],
    ['/v1/tokens/{id}', { method: 'DELETE', path: '/v1/tokens/aaaaaaaaaa' }],
    ['/v1/tokens/{id}', { method: 'DELETE', path: '/v1/tokens/aaaaaaaaaa' }],
    ['/v1/usage', { path: '/v1/usage' }],
    ['/v1/audit', { path: '/v1/audit?count=1000' }],
    ['/metrics', { path: '/metrics' }],
    ['/openapi.json', { path: '/openapi.json' }],
    ['/v1/events', { path: '/v1/events' }],
  ];
  const ajv = new Ajv2020({ strictTypes: false });
  ajv.addKeyword('components');

  /** Stricter than the document, which lets answers grow: a field that it does not tell of is found. */
  function validatorOf(schema: object): ValidateFunction {
    return ajv.compile(closed({ ...schema, components: { schemas: document.components.schemas } }) as object);
  }
  function closed(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map(closed);
    const copy = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, closed(part)]));
    return copy['type'] === 'object' && copy['properties'] !== undefined && !('additionalProperties' in copy) ? { ...copy, additionalProperties: false } : copy;
  }

  for (const [path, request] of requests) {
    test(`${request.method ?? 'GET'} ${request.path} ${String(request.body ?? '')}`, async () => {
      const { status, headers, text, json } = await api.ask(request);
      const response = responsesOf(path, request.method ?? 'GET')[status];
      ok(response !== undefined, `${status} is not in the document: ${text}`);
      if (response.content === undefined) return equal(text, '');
      const [[type, { schema }]] = Object.entries(response.content) as [[string, { schema: object }]];
      ok(String(headers['content-type']).startsWith(type));
      const validate = validatorOf(schema);
      ok(validate(type === 'text/plain' ? text : json), JSON.stringify([validate.errors, json]));
    });
  }

  test('each answer of the document has come', () => {
    const seen = new Set(requests.map(([path, { method = 'GET' }]) => `${method} ${path}`));
    deepEqual(ROUTES.map(({ method, path }) => `${method} ${path}`).filter((name) => !seen.has(name)), []);
  });

  test('each kind of event', () => {
    const events: unknown[] = [];
    const stop = api.actions.subscribe((event) => events.push(event));
    const { actions } = api;
    for (const type of ['partition-created', 'partition-changed', 'partition-removed', 'partition-unblocked'] as const) actions.emit({ type, partition: 'alpha' });
    actions.emit({ type: 'partition-blocked', partition: 'alpha', reason: 'Timeouts.' });
    actions.emit({ type: 'adapter-changed', adapter: 'software-0' });
    for (const type of ['context-opened', 'context-adopted'] as const) actions.emit({ type, partition: 'alpha', context: 1, guestPid: 2 });
    for (const type of ['context-ended', 'tdr'] as const) actions.emit({ type, partition: 'alpha', context: 1, code: 'tdr', message: 'It hung.' });
    stop();
    const validate = validatorOf({ $ref: '#/components/schemas/EventFrame' });
    for (const event of [...events, { type: 'hello', startedMs: 1, newestSequence: 0 }, { type: 'missed', after: 3, oldestSequence: 0 }]) {
      ok(validate(event), JSON.stringify([validate.errors, event]));
    }
    equal(events.length, 10);
  });
});
