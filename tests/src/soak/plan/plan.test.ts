import { deepEqual, equal, notDeepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { seeds } from '@gpup/base/testing';
import { SOAK_LIMITS } from '../limits.ts';
import { isWhole } from '../scene/place.ts';
import { QUIESCE_STEP, STEP_KINDS } from '../steps/index.ts';
import { Plan, type Step, moodOf } from './plan.ts';

const ACT_STEPS = 40;

function planOf(seed: number): Plan {
  return new Plan({ seed, kinds: STEP_KINDS, quiesce: QUIESCE_STEP, actSteps: ACT_STEPS });
}

function stepsOf(seed: number, count: number): readonly Step[] {
  const plan = planOf(seed);
  return Array.from({ length: count }, () => plan.next());
}

const told = (steps: readonly Step[]): readonly unknown[] => steps.map(({ index, kind, params, pauseMs }) => ({ index, kind: kind.name, params, pauseMs }));

test('a seed is the whole plan, and another one is another plan', () => {
  deepEqual(told(stepsOf(7, 500)), told(stepsOf(7, 500)));
  notDeepEqual(told(stepsOf(7, 20)), told(stepsOf(8, 20)));
});

test('what a step does to its parameters, or what comes of it, changes no other step', () => {
  const plan = planOf(7);
  const steps = Array.from({ length: 200 }, () => {
    const step = plan.next();
    const copy = structuredClone({ ...step, kind: step.kind.name });
    for (const key of Object.keys(step.params as object)) (step.params as Record<string, unknown>)[key] = null;
    return copy;
  });
  deepEqual(steps, told(stepsOf(7, 200)));
});

test('after so many steps everything comes to rest', () => {
  const steps = stepsOf(7, 10 * (ACT_STEPS + 1));
  deepEqual(steps.flatMap(({ index, kind }) => (kind === QUIESCE_STEP ? [index] : [])), Array.from({ length: 10 }, (_, act) => (act + 1) * (ACT_STEPS + 1) - 1));
});

test('a calm act leaves the daemon alone, a rough one does not; both come again', () => {
  const moods = Array.from({ length: 8 }, (_, act) => moodOf(act));
  deepEqual(moods, ['rough', 'calm', 'calm', 'rough', 'calm', 'calm', 'rough', 'calm']);
  const disturbed = moods.map((_, act) => stepsOf(7, 8 * (ACT_STEPS + 1)).slice(act * (ACT_STEPS + 1), (act + 1) * (ACT_STEPS + 1)).filter(({ kind }) => kind.name.startsWith('daemon-')).length);
  for (const [act, mood] of moods.entries()) equal((disturbed[act] ?? 0) > 0, mood === 'rough', `act ${act}`);
});

for (const seed of seeds(7, 2026)) {
  test(`each step has what it needs, within the limits, seed ${seed}`, () => {
    const plan = planOf(seed);
    const seen = new Set<string>();
    let guestCount = 0;
    for (let count = 0; count < 2_000; count++) {
      const before = { guests: new Map(plan.world.guests), places: plan.world.places };
      const { kind, params } = plan.next();
      seen.add(kind.name);
      const { id, place, partition, name } = params as { readonly id?: number; readonly place?: string; readonly partition?: string; readonly name?: string };
      if (kind.name === 'guest-start') ok((id ?? 0) > guestCount, 'the number of a guest is given once');
      else if (id !== undefined) ok(before.guests.has(id), `${kind.name} of guest ${id}, which is not there`);
      for (const needed of [place, partition, kind.name === 'partition-change' || kind.name === 'partition-remove' ? name : undefined]) {
        if (needed !== undefined) ok(before.places.includes(needed), `${kind.name} in ${needed}, which is not there`);
      }
      guestCount = Math.max(guestCount, id ?? 0);
      ok(plan.world.guests.size <= SOAK_LIMITS.guestsMax && plan.world.partitions.size <= SOAK_LIMITS.partitionsMax);
      for (const guest of plan.world.guests.values()) ok(plan.world.places.includes(guest.place));
      ok(plan.world.places.filter(isWhole).length <= 1);
    }
    deepEqual(STEP_KINDS.filter((kind) => !seen.has(kind.name)).map((kind) => kind.name), [], 'every kind of step comes');
  });
}
