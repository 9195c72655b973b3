/** The schemas let through what the host itself would take: it is the host that knows, and the API must not be narrower. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { PF_LIMITS } from '@gpup/pf';
import { ANY_NAMES, decodePartitionChange, decodePartitionRequest } from '@gpup/pf/partitions';
import { Refusal } from '@gpup/pf/refusal';
import fc from 'fast-check';
import { API_LIMITS } from '../limits.ts';
import { checkOf } from '../validation.ts';
import { PARTITION_CHANGE, PARTITION_REQUEST } from './partition.ts';

test('limits of a partition are the same', () => {
  const { nameLengthMax, baselineNamesMax, escapesMax, vramBytesMax, hostBytesMin, hostBytesMax, contextsMax, sliceMsMin, sliceMsMax, tokenGraceMsMax } = API_LIMITS;
  deepEqual([nameLengthMax, baselineNamesMax, escapesMax, vramBytesMax, hostBytesMin, hostBytesMax, contextsMax, sliceMsMin, sliceMsMax, tokenGraceMsMax], [
    PF_LIMITS.partitionNameLengthMax,
    PF_LIMITS.baselineNamesMax,
    PF_LIMITS.escapesMax,
    PF_LIMITS.vramBytesMax,
    PF_LIMITS.hostBytesMin,
    PF_LIMITS.hostBytesMax,
    PF_LIMITS.contextsPartitionMax,
    PF_LIMITS.sliceMsMin,
    PF_LIMITS.sliceMsMax,
    PF_LIMITS.tokenGraceMsMax,
  ]);
});

/** Both sides of each boundary, and what is of no kind at all. */
const bytes = fc.constantFrom<unknown>(0, 1, 0.5, -1, 2 ** 24 - 1, 2 ** 24, 2 ** 40, 2 ** 40 + 1, '1', null);
const part = fc.constantFrom<unknown>(0, 1 / 4, 1, 1.01, -1, 'x', null);
const capability = (of: fc.Arbitrary<unknown>) => fc.oneof({ weight: 9, arbitrary: fc.record({ min: of, max: of, optimal: of }, { requiredKeys: [] }) as fc.Arbitrary<unknown> }, fc.constantFrom<unknown>(null, 1, [], { most: 1 }));
const names = fc.oneof(
  fc.uniqueArray(fc.constantFrom('timestamp-query', 'a', 'Z.9_x', 'x'.repeat(100), 'x'.repeat(101), '-a', '9a', '', 'a b'), { maxLength: 3 }) as fc.Arbitrary<unknown>,
  fc.constantFrom<unknown>(null, 'a', {}, [1], Array.from({ length: 65 }, (_, index) => `n${index}`)),
);
const limits = fc.oneof(fc.dictionary(fc.constantFrom('maxBufferSize', 'a b', 'x'.repeat(101)), fc.constantFrom<unknown>(0, 1, 1.5, -1, 2 ** 53 - 1, 2 ** 53, 'x'), { maxKeys: 2 }) as fc.Arbitrary<unknown>, fc.constantFrom<unknown>(null, []));
const changeable = {
  vram: capability(bytes),
  compute: capability(part),
  contextsMax: fc.constantFrom<unknown>(0, 1, 64, 65, 1.5, '1'),
  hostBytesMax: bytes,
  escapes: names,
  latencyClass: fc.constantFrom<unknown>('interactive', 'throughput', 'standard', '', null),
  timestamps: fc.constantFrom<unknown>('none', 'coarse', 'fine', 'finer', '', 1, null),
};
const requests = fc.record(
  {
    name: fc.constantFrom<unknown>('a', 'a-1', '9', '-a', 'a-', 'A', 'a.b', '', 'x'.repeat(40), 'x'.repeat(41), 7),
    adapter: fc.constantFrom<unknown>('software-0', 'hardware-999', 'software-1000', 'software-01', 'gpu-0', 1),
    tenant: fc.constantFrom<unknown>('acme', 'Acme', '', 'x'.repeat(40), 'x'.repeat(41), null),
    size: fc.constantFrom<unknown>('1', '1/8', 'NV6ads-A10-v5', '', 1),
    baseline: fc.oneof(fc.record({ features: names, limits }, { requiredKeys: [] }) as fc.Arbitrary<unknown>, fc.constantFrom<unknown>(null, [])),
    more: fc.constant(1),
    ...changeable,
  },
  { requiredKeys: [] },
);
const changes = fc.record({ ...changeable, whenInUse: fc.constantFrom<unknown>('refuse', 'wait', 'later', 1), name: fc.constant('a') }, { requiredKeys: [] });

/** Of refusals that are about a request's form. Others are about what it means, which no schema knows. */
const FORM = new Set(['bad-field', 'unknown-field']);

function verdict(decode: () => unknown): 'taken' | 'form' | 'meaning' {
  try {
    decode();
    return 'taken';
  } catch (error) {
    if (error instanceof Refusal) return FORM.has(error.code) ? 'form' : 'meaning';
    throw error;
  }
}

const checkRequest = checkOf(PARTITION_REQUEST, 'body');
const checkChange = checkOf(PARTITION_CHANGE, 'body');

for (const seed of [7, 2026, Number(process.env['GPUP_TEST_SEED'] ?? Date.now() % 1_000_000)]) {
  for (const [what, arbitrary, decode, check] of [
    ['requests', requests, (value: unknown) => decodePartitionRequest(value, ANY_NAMES), checkRequest],
    ['changes', changes, (value: unknown) => decodePartitionChange(value, ANY_NAMES), checkChange],
  ] as const) {
    test(`the host and the API take the same ${what}, seed ${seed}`, () => {
      fc.assert(
        fc.property(arbitrary as fc.Arbitrary<unknown>, (value) => {
          const host = verdict(() => decode(value));
          // The host says one thing of a request that is wrong in two ways.
          if (host !== 'meaning') equal(passes(check, value), host === 'taken');
        }),
        { seed, numRuns: 3000 },
      );
    });
  }
}

function passes(check: (value: unknown) => unknown, value: unknown): boolean {
  try {
    check(value);
    return true;
  } catch {
    return false;
  }
}
