/**
 * Nothing of another tenant's is ever found: every operation of the OpenAPI document, with each method, with and without a
 * right body, is asked for another's partition (or context) and for one that does not exist, and must answer alike.
 */
import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { OpenApiDocument } from '../openapi.ts';
import { type RawAnswer, type RawRequest, type TestApi, openTestApi } from '../testing/test-api.ts';
import { TENANT_MAY } from './roles.ts';

type Schema = Readonly<Record<string, unknown>>;
interface Parameter {
  readonly name: string;
  readonly in: string;
}
interface Documented {
  readonly operationId: string;
  readonly 'x-tenant-may': string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } };
}

const document = JSON.parse(readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8')) as Omit<OpenApiDocument, 'components'> & { readonly components: { readonly schemas: Readonly<Record<string, Schema>> } };
const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation: operation as unknown as Documented })));

// Names of one length, so that answers can be compared to the letter but for them.
const OWN = 'acme-one';
const OTHERS = 'rival-07';
const NOBODYS = 'common-3';
const MISSING = 'missing9';
const MISSING_CONTEXT = 999;

let api: TestApi;
let tenant: string;
let operator: string;
let ownContext: number;
let othersContext: number;
let nobodysContext: number;

before(async () => {
  api = await openTestApi({ limits: { requestBurstMax: 1e6, tenantRequestBurstMax: 1e6, tenantChangeBurstMax: 1e6 } });
  const { actions } = api;
  await actions.createPartition({ name: OWN, tenant: 'acme' });
  await actions.createPartition({ name: OTHERS, tenant: 'rival' });
  await actions.createPartition({ name: NOBODYS });
  othersContext = actions.openContext(OTHERS, [{ label: 'others-secret', kind: 'buffer', bytes: 1 << 20 }]);
  nobodysContext = actions.openContext(NOBODYS, [{ label: 'nobodys-secret', kind: 'buffer', bytes: 1 << 20 }]);
  ownContext = actions.openContext(OWN, [{ label: 'own', kind: 'buffer', bytes: 1 << 20 }]);
  for (const [index, name] of [OWN, OTHERS, NOBODYS].entries()) actions.setUsage(name, { gpuTimeUs: (index + 1) * 1_000_000 });
  for (const other of [OTHERS, NOBODYS]) actions.log(`something of ${other}`);
  tenant = (await actions.createToken({ role: 'tenant', tenant: 'acme' })).secret;
  operator = (await actions.createToken({ role: 'operator' })).secret;
});
after(async () => {
  deepEqual(api.faults, []);
  await api.close();
});

const json = { 'content-type': 'application/json' };

/** Over both ways in: a token counts on the Unix socket as well. */
async function askAs(secret: string, { headers = {}, ...request }: RawRequest): Promise<RawAnswer> {
  const authorized = { ...request, headers: { ...headers, authorization: `Bearer ${secret}` } };
  const [answer, overSocket] = [await api.askTcp(authorized), await api.ask(authorized)];
  if (request.method === undefined || request.method === 'GET' || request.method === 'HEAD') equal(overSocket.text, answer.text);
  return answer;
}

/** A value that a schema takes: the smallest one. */
function sampleOf(schema: Schema): unknown {
  const { $ref, type, properties = {}, required = [], minimum = 0, exclusiveMinimum } = schema as { $ref?: string; type?: string; properties?: Record<string, Schema>; required?: string[]; minimum?: number; exclusiveMinimum?: number };
  const words = schema['enum'] as readonly string[] | undefined;
  if ($ref !== undefined) return sampleOf(document.components.schemas[$ref.split('/').at(-1) as string] as Schema);
  if (words !== undefined) return words[0];
  if (type === 'object') return Object.fromEntries(required.map((name) => [name, sampleOf(properties[name] as Schema)]));
  if (type === 'array') return [];
  if (type === 'integer' || type === 'number') return exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  if (type === 'boolean') return false;
  return 'a';
}

/** A right body with every field, one with the least, and wrong ones: what comes first must not depend on what is there. */
function bodiesOf({ requestBody }: Documented): readonly (readonly [what: string, rest: Pick<RawRequest, 'headers' | 'body'>])[] {
  const wrong = [
    ['no body', {}],
    ['half a body', { headers: json, body: '{"na' }],
    ['a field too many', { headers: json, body: '{"colour": 1}' }],
    ['a form', { headers: { 'content-type': 'text/plain' }, body: 'x' }],
    ['an empty object', { headers: json, body: '{}' }],
  ] as const;
  if (requestBody === undefined) return wrong;
  const schema = requestBody.content['application/json'].schema;
  const { properties = {} } = (schema['$ref'] === undefined ? schema : document.components.schemas[String(schema['$ref']).split('/').at(-1) as string]) as { properties?: Record<string, Schema> };
  const whole = Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, sampleOf(property)]));
  return [...wrong, ['the least body', { headers: json, body: JSON.stringify(sampleOf(schema)) }], ['a whole body', { headers: json, body: JSON.stringify(whole) }]];
}

function queriesOf({ parameters = [] }: Documented): readonly string[] {
  const names = parameters.filter((parameter) => parameter.in === 'query').map(({ name }) => name);
  return ['', '?colour=red', ...names.flatMap((name) => [`?${name}`, `?${name}=1`, `?${name}=x`])];
}

const named = operations.filter(({ path }) => path.startsWith('/v1/partitions/{name}') || path.startsWith('/v1/contexts/{id}'));

/** An answer, with what the request has named taken out. */
function shapeOf({ status, headers, text }: RawAnswer, subject: string): unknown {
  const { date: _, 'content-length': __, ...rest } = headers;
  return { status, headers: rest, text: text.replaceAll(subject, 'SUBJECT') };
}

test('the table of roles, the document and the manual tell of the same operations', () => {
  deepEqual(Object.fromEntries(operations.map(({ operation }) => [operation.operationId, operation['x-tenant-may']])), { ...TENANT_MAY });
  const manual = readFileSync(new URL('../../../../docs/tenants.md', import.meta.url), 'utf8');
  const rows = [...manual.matchAll(/^\| `(\w+)` \| [^|]+ \| (all|own|never) \|/gm)].map(([, id, may]) => [id, may]);
  deepEqual(Object.fromEntries(rows), { ...TENANT_MAY });
});

test('there are operations that name a partition or a context, of every method', () => {
  deepEqual([...new Set(named.map(({ method }) => method))].sort(), ['DELETE', 'GET', 'PATCH', 'POST']);
});

for (const { path, method, operation } of named) {
  describe(`${method} ${path}, of what is another's`, () => {
    const at = (subject: string | number, query: string): string => `${path.replace(/\{\w+\}/, String(subject))}${query}`;
    for (const verb of method === 'GET' ? ['GET', 'HEAD'] : [method]) {
      for (const [what, rest] of bodiesOf(operation)) {
        test(`${verb} with ${what} answers as of what does not exist`, async () => {
          const before = everything();
          for (const query of queriesOf(operation)) {
            const isContext = path.includes('{id}');
            const missing = isContext ? MISSING_CONTEXT : MISSING;
            const expected = await askAs(tenant, { method: verb, path: at(missing, query), ...rest });
            ok([400, 404, 415].includes(expected.status), `${expected.status} ${expected.text}`);
            for (const subject of isContext ? [othersContext, nobodysContext] : [OTHERS, NOBODYS]) {
              const answer = await askAs(tenant, { method: verb, path: at(subject, query), ...rest });
              deepEqual(shapeOf(answer, String(subject)), shapeOf(expected, String(missing)));
            }
          }
          deepEqual(everything(), before);
        });
      }
    }

    test('is 404 with its stable code, where the request is right', async () => {
      const subject = path.includes('{id}') ? othersContext : OTHERS;
      const [, rest] = bodiesOf(operation).at(operation.requestBody === undefined ? 0 : -1) as readonly [string, Pick<RawRequest, 'headers' | 'body'>];
      const { status, json: body } = await askAs(tenant, { method, path: at(subject, ''), ...rest });
      const { code } = (body as { error: { code: string } }).error;
      deepEqual([status, code], [404, path.includes('{id}') ? 'unknown-context' : 'unknown-partition']);
    });

    test('an operator is answered otherwise: the comparison can fail', async () => {
      if (method !== 'GET') return;
      const [others, missing] = [await askAs(operator, { method, path: at(OTHERS, '') }), await askAs(operator, { method, path: at(MISSING, '') })];
      notDeepEqual(shapeOf(others, OTHERS), shapeOf(missing, MISSING));
    });
  });
}

/** All that a tenant's request could have changed. */
function everything(): unknown {
  const { actions } = api;
  return JSON.parse(JSON.stringify([actions.partitions(), actions.contexts(), actions.adapters(), actions.tokens()]));
}

describe('of what is its own, or the whole host', () => {
  for (const { path, method, operation } of operations) {
    const may = operation['x-tenant-may'];
    test(`${method} ${path}: ${may}`, async () => {
      // Contexts are ended in a test of its own.
      if (operation.operationId === 'endContext') return;
      const [, rest] = bodiesOf(operation).at(operation.requestBody === undefined ? 0 : -1) as readonly [string, Pick<RawRequest, 'headers' | 'body'>];
      const before = everything();
      const { status, text, json: body } = await askAs(tenant, { method, path: path.replace('{name}', OWN).replace('{id}', path.includes('tokens') ? 'aaaaaaaaaa' : 'software-0'), ...rest });
      if (may === 'never') equal((body as { error?: { code: string } }).error?.code, 'operator-only', text);
      equal(status, may === 'never' ? 403 : operation.operationId === 'events' ? 426 : 200, text);
      deepEqual(everything(), before);
      for (const secret of [OTHERS, NOBODYS, 'rival', 'others-secret', 'nobodys-secret', '2000']) ok(!text.includes(secret) || operation.operationId === 'openApiDocument', `${secret}: ${text}`);
    });
  }

  test('a refusal of the role does not depend on what is named, nor on the body', async () => {
    const answers: unknown[] = [];
    for (const id of ['software-0', 'software-1', 'software-9']) {
      for (const body of ['{"mode": "dda"}', '{"mode": 7}', '{}']) {
        answers.push(shapeOf(await askAs(tenant, { method: 'PATCH', path: `/v1/adapters/${id}`, headers: json, body }), id));
      }
    }
    for (const answer of answers) deepEqual(answer, answers[0]);
  });

  test('lists hold nothing else', async () => {
    const of = async (path: string): Promise<Readonly<Record<string, unknown>>> => (await askAs(tenant, { path })).json as Record<string, unknown>;
    deepEqual(((await of('/v1/partitions'))['partitions'] as { name: string }[]).map(({ name }) => name), [OWN]);
    deepEqual(((await of('/v1/contexts'))['contexts'] as { id: number; vfPid: number }[]).map(({ id, vfPid }) => [id, vfPid]), [[ownContext, 0]]);
    const { tenants, partitions } = (await of('/v1/usage')) as { tenants: { tenant: string; gpuSeconds: number }[]; partitions: { partition: string }[] };
    deepEqual([tenants.map((entry) => [entry.tenant, entry.gpuSeconds]), partitions.map(({ partition }) => partition)], [[['acme', 1]], [OWN]]);
    const { text } = await askAs(tenant, { path: '/metrics' });
    deepEqual([...new Set([...text.matchAll(/(?:partition|tenant)="([^"]*)"/g)].map(([, label]) => label))].sort(), ['acme', OWN]);
    ok(!text.includes('gpup_adapter') && !text.includes('gpup_host'));
  });

  test('why its adapter has no place for a partition is the operators\' to know; that it hung too often is its own', async () => {
    const stateOf = async (): Promise<unknown> => ((await askAs(tenant, { path: `/v1/partitions/${OWN}` })).json as { state: unknown }).state;
    const sinceMs = 1_700_000_000_000;
    api.actions.block(OWN, 'software-0 is owned whole by guest process 77.', 'adapter');
    deepEqual(await stateOf(), { kind: 'blocked', cause: 'adapter', reason: 'Its adapter has no place for it at present; the operators of the host know why.', sinceMs });
    api.actions.block(OWN, 'More than 5 timeouts within 60 s.');
    deepEqual(await stateOf(), { kind: 'blocked', cause: 'timeouts', reason: 'More than 5 timeouts within 60 s.', sinceMs });
    await api.actions.unblockPartition(OWN);
  });

  test('it may end its own contexts, and is told of its own allocations', async () => {
    const allocations = await askAs(tenant, { path: `/v1/partitions/${OWN}/allocations` });
    deepEqual((allocations.json as { allocations: unknown[] }).allocations, [{ label: 'own', kind: 'buffer', bytes: 1 << 20, context: ownContext }]);
    equal((await api.askTcp({ method: 'DELETE', path: `/v1/contexts/${ownContext}`, headers: { authorization: `Bearer ${tenant}` } })).status, 204);
    deepEqual(api.actions.contexts().map(({ id }) => id), [othersContext, nobodysContext]);
    const { by, tenant: whose, operation, target, outcome } = api.actions.audit.at(-1) as (typeof api.actions.audit)[number];
    deepEqual({ by, whose, operation, target, outcome }, { by: 'tenant', whose: 'acme', operation: 'endContext', target: String(ownContext), outcome: 'done' });
  });

  test('a context that came and went says no more than one that never was', async () => {
    const answer = await askAs(tenant, { method: 'DELETE', path: `/v1/contexts/${ownContext}` });
    deepEqual(shapeOf(answer, String(ownContext)), shapeOf(await askAs(tenant, { method: 'DELETE', path: `/v1/contexts/${MISSING_CONTEXT}` }), String(MISSING_CONTEXT)));
  });
});

test('who asks is told who it is', async () => {
  const whoIs = async (secret: string): Promise<unknown> => (await askAs(secret, { path: '/v1/caller' })).json;
  deepEqual(await whoIs(tenant), { role: 'tenant', tenant: 'acme', token: 'aaaaaaaaaa' });
  deepEqual(await whoIs(operator), { role: 'operator', tenant: null, token: 'aaaaaaaaab' });
  deepEqual((await api.ask({ path: '/v1/caller' })).json, { role: 'operator', tenant: null, token: null });
});

test('a wrong token is refused on the Unix socket, too', async () => {
  equal((await api.ask({ path: '/v1/caller', headers: { authorization: 'Bearer wrong' } })).status, 401);
});
