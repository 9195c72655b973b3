import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import type { CapabilityRequest } from '../actions.ts';
import { Random, seeds } from '@gpup/base/testing';
import { type CapabilityBounds, checkOrder, completeCapability, mergeCapability } from './capability.ts';

for (const [given, size, expected] of [
  // Nothing asked for: nothing for sure, the whole where it is free.
  [{}, null, { min: 0, optimal: 24, max: 24 }],
  [{ max: 8 }, null, { min: 0, optimal: 8, max: 8 }],
  [{ optimal: 8 }, null, { min: 0, optimal: 8, max: 24 }],
  [{ min: 8 }, null, { min: 8, optimal: 24, max: 24 }],
  [{}, 6, { min: 6, optimal: 6, max: 6 }],
  [{ max: 4 }, 6, { min: 4, optimal: 4, max: 4 }],
  [{ min: 8 }, 6, { min: 8, optimal: 8, max: 8 }],
  [{ optimal: 8 }, 6, { min: 6, optimal: 8, max: 8 }],
  [{ optimal: 4 }, 6, { min: 4, optimal: 4, max: 6 }],
  [{ min: 1, optimal: 2, max: 3 }, 6, { min: 1, optimal: 2, max: 3 }],
  // Beyond the adapter, which may have shrunk: aims and bounds follow it, a promise stays one.
  [{ optimal: 30, max: 40 }, null, { min: 0, optimal: 24, max: 24 }],
  [{ min: 30 }, null, { min: 30, optimal: 24, max: 24 }],
] as const) {
  test(`completes ${JSON.stringify(given)} of size ${size} of 24`, () => deepEqual(completeCapability(given, size, 24), expected));
}

for (const [old, change, expected] of [
  [{}, {}, {}],
  [{}, { max: 5 }, { max: 5 }],
  [{ min: 2, optimal: 4, max: 8 }, { max: 3 }, { min: 2, optimal: 3, max: 3 }],
  [{ min: 2, optimal: 4, max: 8 }, { max: 1 }, { min: 1, optimal: 1, max: 1 }],
  [{ min: 2, optimal: 4, max: 8 }, { min: 5 }, { min: 5, optimal: 5, max: 8 }],
  [{ min: 2, optimal: 4, max: 8 }, { min: 9 }, { min: 9, optimal: 9, max: 9 }],
  [{ min: 2, optimal: 4, max: 8 }, { optimal: 1 }, { min: 1, optimal: 1, max: 8 }],
  [{ min: 2, optimal: 4, max: 8 }, { min: 5, max: 6 }, { min: 5, optimal: 5, max: 6 }],
] as const) {
  test(`merges ${JSON.stringify(change)} into ${JSON.stringify(old)}`, () => deepEqual(mergeCapability(old, change), expected));
}

for (const wrong of [{ min: 2, max: 1 }, { min: 2, optimal: 1 }, { optimal: 2, max: 1 }, { min: 0, optimal: 2, max: 1 }]) {
  test(`refuses ${JSON.stringify(wrong)}`, () => throws(() => checkOrder(wrong, 'vram'), { code: 'capability-order' }));
}

for (const right of [{}, { min: 1, max: 1 }, { min: 1, optimal: 1, max: 1 }, { min: 0, optimal: 1, max: 2 }]) {
  test(`takes ${JSON.stringify(right)}`, () => checkOrder(right, 'vram'));
}

for (const seed of seeds(7, 2026)) {
  test(`what is given is kept and the order holds, after any changes, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 5_000; round++) {
      let wish: CapabilityRequest = {};
      for (let change = 0; change < 4; change++) {
        const asked = ordered(random);
        wish = mergeCapability(wish, asked);
        checkOrder(wish, 'vram');
        deepEqual({ ...wish, ...asked }, wish);
        const { min, optimal, max } = completeCapability(wish, random.below(2) === 0 ? null : random.below(10), 10);
        equal(min <= optimal && optimal <= max && max <= 10, true);
        for (const [name, value] of Object.entries(wish)) equal({ min, optimal, max }[name as 'min'], value);
      }
    }
  });

  test(`of all that are in order and hold what is given it is the nearest, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const given = ordered(random);
      const share = random.below(11);
      deepEqual(completeCapability(given, share, 10), nearest(given, share));
    }
  });
}

/** By trying all. */
function nearest(given: CapabilityRequest, share: number): CapabilityBounds | undefined {
  let best: CapabilityBounds | undefined;
  const distance = ({ min, optimal, max }: CapabilityBounds): number => Math.abs(min - share) + Math.abs(optimal - share) + Math.abs(max - share);
  for (let max = 0; max <= 10; max++) {
    for (let optimal = 0; optimal <= max; optimal++) {
      for (let min = 0; min <= optimal; min++) {
        const bounds = { min, optimal, max, ...given };
        const isCandidate = bounds.min === min && bounds.optimal === optimal && bounds.max === max;
        if (isCandidate && (best === undefined || distance(bounds) < distance(best))) best = bounds;
      }
    }
  }
  return best;
}

function ordered(random: Random): CapabilityRequest {
  const [min, optimal, max] = [random.below(11), random.below(11), random.below(11)].sort((one, other) => one - other);
  const has = random.below(8);
  return { ...(has & 1 && { min: min as number }), ...(has & 2 && { optimal: optimal as number }), ...(has & 4 && { max: max as number }) };
}
