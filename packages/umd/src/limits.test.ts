import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { LIMIT_NAMES } from '@gpup/wire/numbers';
import { GPUSupportedLimits, isBetter, makeLimits } from './limits.ts';

test('limits are enumerable attributes of the prototype, as libraries copy them', () => {
  const limits = makeLimits({ maxBindGroups: 4, maxBufferSize: 2 ** 40 });
  deepEqual(Object.keys(limits), []);
  const copied: Record<string, unknown> = {};
  for (const name in limits) copied[name] = (limits as unknown as Record<string, unknown>)[name];
  deepEqual(Object.keys(copied), [...LIMIT_NAMES]);
  deepEqual([copied['maxBindGroups'], copied['maxBufferSize'], copied['maxTextureDimension1D']], [4, 2 ** 40, undefined]);
  ok(limits instanceof GPUSupportedLimits);
  throws(() => { (limits as unknown as Record<string, number>)['maxBindGroups'] = 8; }, { name: 'TypeError' });
});

for (const [name, better, equalTo, worse] of [
  ['maxBindGroups', 5, 4, 3],
  ['minUniformBufferOffsetAlignment', 128, 256, 512],
] as const) {
  test(`${name}: ${better} is better than ${equalTo}, ${worse} is not`, () => {
    deepEqual([better, equalTo, worse].map((value) => isBetter(name, value, equalTo)), [true, false, false]);
  });
}

test('what is no limit of the specification is no attribute, whatever the host says', () => {
  equal('toString' in makeLimits({}), true);
  equal((makeLimits({ maxOther: 1 }) as unknown as Record<string, unknown>)['maxOther'], undefined);
});
