import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { ANY_NAMES, type KnownNames, decodePartitionChange, decodePartitionRequest } from './request.ts';

const known: KnownNames = { escapes: ['statistics', 'latency-class'], features: ['timestamp-query', 'shader-f16'], limits: ['maxBindGroups', 'maxBufferSize'] };

const whole = {
  name: 'tenant-1',
  tenant: 'acme',
  adapter: 'software-0',
  size: '1/6',
  vram: { min: 0, optimal: 1, max: PF_LIMITS.vramBytesMax },
  compute: { min: 0, optimal: 1 / 3, max: 1 },
  contextsMax: 1,
  hostBytesMax: PF_LIMITS.hostBytesMin,
  baseline: { features: ['shader-f16'], limits: { maxBindGroups: 0, maxBufferSize: Number.MAX_SAFE_INTEGER } },
  escapes: ['latency-class', 'statistics'],
  timestamps: 'fine',
};

for (const request of [{ name: 'a' }, { name: 'a'.repeat(PF_LIMITS.partitionNameLengthMax) }, whole, { name: 'x', vram: {}, baseline: {}, escapes: [] }]) {
  test(`takes ${JSON.stringify(request).slice(0, 80)}`, () => deepEqual(decodePartitionRequest(request, known), request));
}

test('a field that is undefined is as one that is not there', () => {
  deepEqual(decodePartitionRequest({ name: 'a', vram: { min: undefined }, size: undefined }, known), { name: 'a', vram: {} });
});

// Each breaks one rule of a good request.
const cases: readonly (readonly [Record<string, unknown>, string, string])[] = [
  [{ name: undefined }, 'bad-field', 'name'],
  [{ name: '' }, 'bad-field', 'name'],
  [{ name: 7 }, 'bad-field', 'name'],
  [{ name: 'a'.repeat(PF_LIMITS.partitionNameLengthMax + 1) }, 'bad-field', 'name'],
  [{ name: 'Tenant' }, 'bad-field', 'name'],
  [{ name: '../x' }, 'bad-field', 'name'],
  [{ name: '-a' }, 'bad-field', 'name'],
  [{ name: 'a-' }, 'bad-field', 'name'],
  [{ name: 'a\n' }, 'bad-field', 'name'],
  [{ tenant: '' }, 'bad-field', 'tenant'],
  [{ tenant: null }, 'bad-field', 'tenant'],
  [{ tenant: 'Acme' }, 'bad-field', 'tenant'],
  [{ tenant: 'a'.repeat(PF_LIMITS.partitionNameLengthMax + 1) }, 'bad-field', 'tenant'],
  [{ adapter: 'gpu' }, 'bad-field', 'adapter'],
  [{ adapter: null }, 'bad-field', 'adapter'],
  [{ size: '1/1000' }, 'unknown-size', 'size'],
  [{ size: 0.5 }, 'bad-field', 'size'],
  [{ size: '2' }, 'needs-linked-adapters', 'size'],
  [{ vram: 5 }, 'bad-field', 'vram'],
  [{ vram: [] }, 'bad-field', 'vram'],
  [{ vram: null }, 'bad-field', 'vram'],
  [{ vram: { min: -1 } }, 'bad-field', 'vram.min'],
  [{ vram: { max: 0 } }, 'bad-field', 'vram.max'],
  [{ vram: { optimal: 0 } }, 'bad-field', 'vram.optimal'],
  [{ vram: { optimal: 1.5 } }, 'bad-field', 'vram.optimal'],
  [{ vram: { max: '4GiB' } }, 'bad-field', 'vram.max'],
  [{ vram: { max: PF_LIMITS.vramBytesMax + 1 } }, 'bad-field', 'vram.max'],
  [{ vram: { maximum: 4 } }, 'unknown-field', 'vram.maximum'],
  [{ vram: { current: 4 } }, 'unknown-field', 'vram.current'],
  [{ vram: { min: 2, max: 1 } }, 'capability-order', 'vram.min'],
  [{ vram: { min: 2, optimal: 1 } }, 'capability-order', 'vram.min'],
  [{ vram: { optimal: 2, max: 1 } }, 'capability-order', 'vram.optimal'],
  [{ compute: { min: -0.1 } }, 'bad-field', 'compute.min'],
  [{ compute: { max: 1.0000001 } }, 'bad-field', 'compute.max'],
  [{ compute: { max: 1e-9 } }, 'bad-field', 'compute.max'],
  [{ compute: { optimal: Number.NaN } }, 'bad-field', 'compute.optimal'],
  [{ encode: { min: 1 } }, 'encode-unsupported', 'encode'],
  [{ encode: {} }, 'encode-unsupported', 'encode'],
  [{ contextsMax: 0 }, 'bad-field', 'contextsMax'],
  [{ contextsMax: PF_LIMITS.contextsPartitionMax + 1 }, 'bad-field', 'contextsMax'],
  [{ hostBytesMax: PF_LIMITS.hostBytesMin - 1 }, 'bad-field', 'hostBytesMax'],
  [{ hostBytesMax: PF_LIMITS.hostBytesMax + 1 }, 'bad-field', 'hostBytesMax'],
  [{ baseline: { features: 'all' } }, 'bad-field', 'baseline.features'],
  [{ baseline: { features: ['shader-f16', 'shader-f8'] } }, 'unknown-feature', 'baseline.features[1]'],
  [{ baseline: { features: ['shader-f16', 'shader-f16'] } }, 'bad-field', 'baseline.features[1]'],
  [{ baseline: { limits: { maxMagic: 1 } } }, 'unknown-limit', 'baseline.limits.maxMagic'],
  [{ baseline: { limits: { maxBindGroups: -1 } } }, 'bad-field', 'baseline.limits.maxBindGroups'],
  [{ baseline: { limits: { maxBindGroups: 2 ** 53 } } }, 'bad-field', 'baseline.limits.maxBindGroups'],
  [{ baseline: { level: 1 } }, 'unknown-field', 'baseline.level'],
  [{ timestamps: 'finest' }, 'bad-field', 'timestamps'],
  [{ timestamps: null }, 'bad-field', 'timestamps'],
  [{ escapes: ['statistics', 'everything'] }, 'unknown-escape', 'escapes[1]'],
  [{ escapes: ['statistics', 'statistics'] }, 'bad-field', 'escapes[1]'],
  [{ escapes: { statistics: true } }, 'bad-field', 'escapes'],
  [{ escapes: Array.from({ length: PF_LIMITS.escapesMax + 1 }, () => 'statistics') }, 'bad-field', 'escapes'],
  [{ vrma: {} }, 'unknown-field', 'vrma'],
  [{ whenInUse: 'wait' }, 'unknown-field', 'whenInUse'],
];

for (const [fields, code, field] of cases) {
  test(`refuses ${JSON.stringify(fields).slice(0, 80)}`, () => {
    throws(() => decodePartitionRequest({ name: 'a', ...fields }, known), { name: 'Refusal', code, field });
  });
}

for (const value of [null, undefined, 7, 'a', [], true]) {
  test(`refuses ${JSON.stringify(value)} as a request and as a change`, () => {
    throws(() => decodePartitionRequest(value, known), { code: 'bad-field', field: undefined });
    throws(() => decodePartitionChange(value, known), { code: 'bad-field', field: undefined });
  });
}

test('an unknown field of a prototype is no known one', () => {
  throws(() => decodePartitionRequest(JSON.parse('{"name":"a","__proto__":{}}'), known), { code: 'unknown-field', field: '__proto__' });
  throws(() => decodePartitionRequest({ name: 'a', baseline: { limits: JSON.parse('{"__proto__":1}') } }, ANY_NAMES), { code: 'bad-field' });
});

test('a refusal names value and limit, and quotes little of a long one', () => {
  throws(() => decodePartitionRequest({ name: 'a', vram: { max: 2 ** 41 } }, known), { message: 'The field vram.max (2199023255552) is not a whole number of bytes from 1 to 1099511627776.' });
  for (const value of [{ name: 'x'.repeat(100_000) }, { name: 'a', ['y'.repeat(100_000)]: 1 }, { name: 'a', escapes: ['z'.repeat(100_000)] }]) {
    throws(
      () => decodePartitionRequest(value, known),
      (error) => {
        ok(error instanceof Refusal);
        return error.message.length < 500;
      },
    );
  }
});

test('takes a change of everything that can change', () => {
  const change = { vram: { max: 5 }, compute: { min: 0.5 }, contextsMax: 3, hostBytesMax: PF_LIMITS.hostBytesMin, escapes: [], whenInUse: 'wait' };
  deepEqual(decodePartitionChange(change, known), change);
});

for (const [change, code, field] of [
  [{ name: 'b' }, 'unknown-field', 'name'],
  [{ adapter: 'software-1' }, 'unknown-field', 'adapter'],
  [{ baseline: {} }, 'unknown-field', 'baseline'],
  [{ whenInUse: 'now' }, 'bad-field', 'whenInUse'],
  [{ encode: { max: 1 } }, 'encode-unsupported', 'encode'],
  [{ vram: { min: 2, max: 1 } }, 'capability-order', 'vram.min'],
] as const) {
  test(`refuses the change ${JSON.stringify(change)}`, () => throws(() => decodePartitionChange(change, known), { code, field }));
}

test('a path before the fields is part of their names', () => {
  throws(() => decodePartitionRequest({ name: 'a', vram: { min: -1 } }, known, 'partitions[3]'), { field: 'partitions[3].vram.min' });
});

test('any names will do where none are known', () => {
  const request = { name: 'a', escapes: ['of-later'], baseline: { features: ['later-feature'], limits: { maxLater: 1 } } };
  equal(JSON.stringify(decodePartitionRequest(request, ANY_NAMES)), JSON.stringify({ name: 'a', baseline: request.baseline, escapes: request.escapes }));
  throws(() => decodePartitionRequest({ name: 'a', escapes: ['a b'] }, ANY_NAMES), { code: 'bad-field', field: 'escapes[0]' });
});
