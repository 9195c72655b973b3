import { deepEqual, equal } from 'node:assert/strict';
import { describe, test } from 'node:test';
import { DEFAULT_LIMITS } from '@gpup/wire';
import { type Capabilities, type GuestView, WHOLE_VIEW, narrowed, objectionTo } from './guest-view.ts';

const MIB = 2 ** 20;
const WHOLE: Capabilities = {
  features: ['core-features-and-limits', 'subgroups', 'timestamp-query'],
  limits: { maxTextureDimension2D: 16384, maxBufferSize: 4096 * MIB, maxStorageBufferBindingSize: 2048 * MIB, minUniformBufferOffsetAlignment: 64 },
  info: { vendor: 'v', description: 'd' },
};
const viewOf = (view: Partial<GuestView>): GuestView => ({ ...WHOLE_VIEW, ...view });

test('without a view and a budget all of the adapter is seen', () => {
  deepEqual(narrowed(WHOLE, WHOLE_VIEW, Number.POSITIVE_INFINITY), WHOLE);
});

describe('features', () => {
  for (const [features, seen] of [
    [['timestamp-query', 'shader-f16'], ['core-features-and-limits', 'timestamp-query']],
    [[], ['core-features-and-limits']],
    [null, WHOLE.features],
  ] as const) {
    test(`of a baseline of (${features}) those that are there`, () => {
      deepEqual(narrowed(WHOLE, viewOf({ features }), Number.POSITIVE_INFINITY).features, seen);
    });
  }
});

describe('timestamps', () => {
  for (const [timestamps, isSeen] of [['none', false], ['coarse', true], ['fine', true]] as const) {
    for (const features of [null, ['timestamp-query']] as const) {
      test(`${timestamps}: their feature is ${isSeen ? '' : 'not '}seen with a baseline of ${features}, and to be had as it is seen`, () => {
        const view = viewOf({ timestamps, features });
        const seen = (): Capabilities => narrowed(WHOLE, view, Number.POSITIVE_INFINITY);
        equal(seen().features.includes('timestamp-query'), isSeen);
        equal(objectionTo({ requiredFeatures: ['timestamp-query'] }, view, seen)?.name, isSeen ? undefined : 'TypeError');
      });
    }
  }
});

describe('limits', () => {
  const { maxTextureDimension2D: promised = 0 } = DEFAULT_LIMITS;
  for (const [bound, seen] of [[promised, promised], [promised - 1, promised], [promised + 1, promised + 1], [16384, 16384], [16385, 16384]] as const) {
    test(`maxTextureDimension2D within ${bound} is ${seen}: never better than the adapter's, never below the standard's`, () => {
      equal(narrowed(WHOLE, viewOf({ limits: { maxTextureDimension2D: bound } }), Number.POSITIVE_INFINITY).limits['maxTextureDimension2D'], seen);
    });
  }
  for (const [bound, seen] of [[32, 64], [64, 64], [128, 128], [256, 256], [512, 256]] as const) {
    test(`an alignment within ${bound} is ${seen}: smaller is better`, () => {
      equal(narrowed(WHOLE, viewOf({ limits: { minUniformBufferOffsetAlignment: bound } }), Number.POSITIVE_INFINITY).limits['minUniformBufferOffsetAlignment'], seen);
    });
  }
  for (const [budgetBytes, seen] of [[8192 * MIB, 4096 * MIB], [512 * MIB, 512 * MIB], [512 * MIB + 3, 512 * MIB], [1, 256 * MIB]] as const) {
    test(`with a budget of ${budgetBytes} bytes a buffer has ${seen} at most`, () => {
      equal(narrowed(WHOLE, WHOLE_VIEW, budgetBytes).limits['maxBufferSize'], seen);
    });
  }
});

test('an adapter says whose partition it is', () => {
  deepEqual(narrowed(WHOLE, viewOf({ partition: 'train' }), Number.POSITIVE_INFINITY).info, { vendor: 'v', description: 'd (gpup partition train)' });
});

describe('a device', () => {
  const view = viewOf({ features: ['subgroups'], limits: { maxTextureDimension2D: 10_000 } });
  const seen = (): Capabilities => narrowed(WHOLE, view, Number.POSITIVE_INFINITY);

  test('may be had with what is seen', () => {
    equal(objectionTo({ requiredFeatures: ['subgroups', 'core-features-and-limits'], requiredLimits: { maxTextureDimension2D: 10_000 } }, view, seen), null);
    equal(objectionTo({}, view, seen), null);
  });

  test('may not be had with a feature that the adapter has and the partition has not', () => {
    deepEqual(objectionTo({ requiredFeatures: ['timestamp-query'] }, view, seen), { name: 'TypeError', message: "The feature 'timestamp-query' is not among those of the partition." });
  });

  for (const [name, value, most] of [['maxTextureDimension2D', 10_001, 10_000], ['minUniformBufferOffsetAlignment', 32, 64]] as const) {
    test(`may not be had with ${name} ${value}`, () => {
      deepEqual(objectionTo({ requiredLimits: { [name]: value } }, view, seen), { name: 'OperationError', message: `The required limit '${name}' (${value}) is better than that of the partition (${most}).` });
    });
  }

  test('an unknown limit is for the adapter to refuse', () => {
    equal(objectionTo({ requiredLimits: { maxEverything: 1 } }, view, seen), null);
  });
});
