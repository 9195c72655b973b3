/**
 * The REST API, driven at random by right and by hostile requests, against a model that is a map of names. A seed is the
 * whole reproduction: one that has failed is added here and stays.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type RawAnswer, type RawRequest, type TestApi, openTestApi } from './testing/test-api.ts';

const GIB = 2 ** 30;
const ADAPTER_BYTES = 16 * GIB;
const NAMES = ['a', 'b', 'c', 'd'] as const;

/** What the model knows of a partition. */
interface Known {
  vramBytes: number;
  contextsMax: number;
  contextCount: number;
}

class Model {
  readonly partitions = new Map<string, Known>();

  leftBytes(besides?: string): number {
    return [...this.partitions].reduce((left, [name, { vramBytes }]) => (name === besides ? left : left - vramBytes), ADAPTER_BYTES);
  }
}

type Step = (api: TestApi, model: Model) => Promise<void>;

const json = (method: string, path: string, body: unknown): RawRequest => ({ method, path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

/** An error has a code and a sentence; a bad body, its field. None is ours. */
function checkError({ status, json: body }: RawAnswer): void {
  ok(status >= 400 && status < 500, `${status}`);
  const { code, message, field } = (body as { error: { code: unknown; message: unknown; field?: unknown } }).error;
  ok(typeof code === 'string' && code !== '' && typeof message === 'string' && message !== '');
  if (status === 400 && code !== 'bad-url') ok(typeof field === 'string' && field !== '', JSON.stringify(body));
}

async function expectStatus(api: TestApi, request: RawRequest, status: number): Promise<RawAnswer> {
  const answer = await api.ask(request);
  equal(answer.status, status, `${request.method} ${request.path} ${String(request.body)}: ${answer.text}`);
  if (status >= 400) checkError(answer);
  return answer;
}

const name = fc.constantFrom(...NAMES);
const vramBytes = fc.integer({ min: 1, max: 9 }).map((eighths) => eighths * 2 * GIB);
const contextsMax = fc.integer({ min: 1, max: 64 });

const create = fc.tuple(name, vramBytes, contextsMax).map(([of, bytes, max]): Step => async (api, model) => {
  const expected = model.partitions.has(of) || bytes > model.leftBytes() ? 409 : 201;
  await expectStatus(api, json('POST', '/v1/partitions', { name: of, vram: { max: bytes }, compute: { max: 1 / 8 }, contextsMax: max }), expected);
  if (expected === 201) model.partitions.set(of, { vramBytes: bytes, contextsMax: max, contextCount: 0 });
});

const resize = fc.tuple(name, vramBytes, contextsMax).map(([of, bytes, max]): Step => async (api, model) => {
  const known = model.partitions.get(of);
  const expected = known === undefined ? 404 : bytes > model.leftBytes(of) ? 409 : 200;
  await expectStatus(api, json('PATCH', `/v1/partitions/${of}`, { vram: { min: bytes, max: bytes, optimal: bytes }, contextsMax: max }), expected);
  if (expected === 200) Object.assign(known as Known, { vramBytes: bytes, contextsMax: max });
});

const remove = fc.tuple(name, fc.boolean()).map(([of, force]): Step => async (api, model) => {
  const known = model.partitions.get(of);
  const expected = known === undefined ? 404 : known.contextCount > 0 && !force ? 409 : 204;
  await expectStatus(api, { method: 'DELETE', path: `/v1/partitions/${of}${force ? '?force' : ''}` }, expected);
  if (expected === 204) model.partitions.delete(of);
});

const openContext = name.map((of): Step => async (api, model) => {
  const known = model.partitions.get(of);
  if (known === undefined) return;
  api.actions.openContext(of);
  known.contextCount += 1;
});

const endContext = fc.nat().map((choice): Step => async (api, model) => {
  const contexts = api.actions.contexts();
  const context = contexts[choice % Math.max(1, contexts.length)];
  await expectStatus(api, { method: 'DELETE', path: `/v1/contexts/${context?.id ?? 999_999}` }, context === undefined ? 404 : 204);
  if (context !== undefined) (model.partitions.get(context.partition) as Known).contextCount -= 1;
});

const show = name.map((of): Step => async (api, model) => {
  await expectStatus(api, { method: 'GET', path: `/v1/partitions/${of}` }, model.partitions.has(of) ? 200 : 404);
});

/** A right body, spoilt in one place: a field too many, of the wrong type, or out of its range. */
const WRONG_VALUES = [null, -1, 1.5, '', 'x', true, [], {}, 1e300, [1], { min: 'x' }, { a: 1 }] as const;
const FIELDS = ['adapter', 'size', 'vram', 'compute', 'encode', 'contextsMax', 'hostBytesMax', 'baseline', 'escapes', 'timestamps', 'nothing'] as const;
/** These are right: an empty list, an empty object. `size` may be any text, and is then unknown. */
const isRight = (field: string, value: unknown): boolean =>
  (field === 'escapes' && Array.isArray(value) && value.length === 0) ||
  (['vram', 'compute', 'encode', 'baseline'].includes(field) && typeof value === 'object' && value !== null && !Array.isArray(value) && Object.keys(value).length === 0) ||
  (field === 'size' && (value === 'x' || value === ''));

const spoilt = fc
  .tuple(fc.constantFrom(...FIELDS), fc.constantFrom<unknown>(...WRONG_VALUES))
  .filter(([field, value]) => !isRight(field, value))
  .map(([field, value]): Step => async (api) => {
    const { json: body } = await expectStatus(api, json('POST', '/v1/partitions', { name: 'spoilt', [field]: value }), 400);
    const named = (body as { error: { field: string } }).error.field;
    ok(named === field || /^[.[]/.test(named.slice(field.length)) && named.startsWith(field), `${named} is not in ${field}`);
  });

/** Anything at all, anywhere. It may be right by chance only where it changes nothing. */
const garbage = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'),
    path: fc.oneof(
      fc.constantFrom('/v1/partitions', '/v1/adapters/software-1', '/v1/partitions/zz', '/v1/partitions/zz/unblock', '/v1/logs', '/metrics', '/v1/contexts/zz'),
      fc.webPath().map((path) => `/v1/${path}`),
    ),
    query: fc.oneof(fc.constant(''), fc.webQueryParameters().map((query) => `?${query}`)),
    type: fc.constantFrom('application/json', 'application/json', 'text/plain', 'application/json;;', 'x'),
    body: fc.oneof(fc.json(), fc.string(), fc.json().map((text) => text.slice(0, -1)), fc.constant('{"__proto__":{}}'), fc.constant('{"constructor":{"prototype":{}}}')),
  })
  .map(({ method, path, query, type, body }): Step => async (api) => {
    const hasBody = method !== 'GET';
    const answer = await api.ask({ method, path: `${path}${query}`, ...(hasBody ? { headers: { 'content-type': type }, body } : {}) });
    if (answer.status >= 300) checkError(answer);
  });

const step = fc.oneof(
  { weight: 4, arbitrary: create },
  { weight: 3, arbitrary: resize },
  { weight: 2, arbitrary: remove },
  { weight: 2, arbitrary: openContext },
  { weight: 2, arbitrary: endContext },
  { weight: 1, arbitrary: show },
  { weight: 3, arbitrary: spoilt },
  { weight: 3, arbitrary: garbage },
);

async function compare(api: TestApi, model: Model): Promise<void> {
  const { json: body } = await api.ask({ path: '/v1/partitions' });
  const seen = (body as { partitions: { name: string; vram: { current: number }; contextsMax: number; contextCount: number }[] }).partitions;
  const asKnown = seen.map(({ name: of, vram, contextsMax: max, contextCount }) => [of, { vramBytes: vram.current, contextsMax: max, contextCount }] as const);
  const byName = (a: readonly [string, Known], b: readonly [string, Known]): number => a[0].localeCompare(b[0]);
  deepEqual([...asKnown].sort(byName), [...model.partitions].sort(byName));
  const { json: adapters } = await api.ask({ path: '/v1/adapters' });
  equal((adapters as { adapters: { vram: { availableBytes: number } }[] }).adapters[0]?.vram.availableBytes, model.leftBytes());
}

const regressionSeeds = [7, 2026];
for (const seed of [...regressionSeeds, Number(process.env['GPUP_TEST_SEED'] ?? Date.now() % 1_000_000)]) {
  test(`the API agrees with a map of names under random requests, seed ${seed}`, async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const api = await openTestApi({ limits: { requestBurstMax: 1e6 } });
      try {
        const model = new Model();
        for (const take of steps) {
          await take(api, model);
          await compare(api, model);
        }
        deepEqual(api.faults, []);
      } finally {
        await api.close();
      }
    });
    await fc.assert(property, { seed, numRuns: 25 });
  });
}
