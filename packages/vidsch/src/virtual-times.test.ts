import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { VirtualTimes } from './virtual-times.ts';

const nobody = (): boolean => false;

/** Gives turns of one length, and says who had them. */
function turns(times: VirtualTimes, count: number, lengthUs = 10): string {
  let names = '';
  for (let turn = 0; turn < count; turn++) {
    const name = times.next(nobody) as string;
    times.turnBegins(name);
    times.charge(name, lengthUs);
    names += name;
  }
  return names;
}

function competing(weights: Readonly<Record<string, number>>): VirtualTimes {
  const times = new VirtualTimes();
  times.compete(new Map(Object.entries(weights)));
  return times;
}

test('equals take turns', () => equal(turns(competing({ a: 1, b: 1, c: 1 }), 6), 'abcabc'));

test('one that weighs twice as much has twice as many', () => equal(turns(competing({ a: 0.5, b: 0.25, c: 0.25 }), 8), 'abcabcaa'));

test('one that held it for five turns waits until the others have had theirs', () => {
  const times = competing({ a: 1, b: 1 });
  times.charge('a', 50);
  equal(turns(times, 8), 'bbbbbaba');
});

test('one that is forgotten while it competes is missed by nobody', () => {
  const times = competing({ a: 1, b: 1, c: 1 });
  times.turnBegins('a');
  times.forget('b');
  times.charge('a', 10);
  equal(turns(times, 4), 'caca');
  times.forget('a');
  times.forget('c');
  times.charge('c', 10);
  times.pass(10);
  equal(times.next(nobody), null);
});

test('one that comes late has saved nothing up', () => {
  const times = competing({ a: 1, b: 1 });
  turns(times, 100);
  times.compete(new Map([['a', 1], ['b', 1], ['c', 1]]));
  equal([...turns(times, 9)].filter((name) => name === 'c').length, 3);
});

test('one that goes and comes again still owes what the others have not had meanwhile', () => {
  const times = competing({ a: 1, b: 1 });
  times.charge('a', 50);
  times.compete(new Map([['b', 1]]));
  times.charge('b', 20);
  times.compete(new Map([['a', 1], ['b', 1]]));
  equal(times.aheadUs('a'), 30);
  equal(turns(times, 4), 'bbba');
});

test('one that nobody has charged for anything is ahead of nothing', () => {
  const times = competing({ a: 1 });
  equal(times.aheadUs('stranger'), 0);
  times.charge('stranger', 10);
  equal(times.next(nobody), 'a');
});

test('what is owed is time, whatever it weighs from now on', () => {
  const times = competing({ a: 1, b: 1 });
  times.charge('a', 50);
  times.compete(new Map([['a', 0.25], ['b', 0.75]]));
  equal(times.aheadUs('a'), 50);
});

test('among equals one that is preferred is next, and then the one whose turn is longest ago', () => {
  const times = competing({ a: 1, b: 1, c: 1 });
  turns(times, 3);
  equal(times.next((name) => name === 'c'), 'c');
  equal(times.next(nobody), 'a');
});

test('time that nobody wanted goes to those first who have had least, and then to all by their weights', () => {
  const times = competing({ a: 1, b: 1, c: 2 });
  times.charge('a', 30);
  times.charge('b', 10);
  times.pass(20 + 10);
  // c has had 20 with its weight of 2, and then b and c 10 together.
  deepEqual(['a', 'b', 'c'].map((name) => Math.round(times.aheadUs(name) * 1e6) / 1e6), [30 - 10 - 10 / 3, 0, 0].map((us) => Math.round(us * 1e6) / 1e6));
  times.pass(1_000);
  deepEqual(['a', 'b', 'c'].map((name) => times.aheadUs(name)), [0, 0, 0]);
});

test('one that is owed something has a lead until the next one has had as much', () => {
  const times = competing({ a: 1, b: 0.5, c: 1 });
  times.charge('a', 50);
  times.charge('c', 30);
  equal(times.leadUs('b'), 15);
  equal(times.leadUs('c'), 0);
  equal(competing({ a: 1 }).leadUs('a'), Number.POSITIVE_INFINITY);
});

test('nobody competes for nothing', () => {
  const times = new VirtualTimes();
  equal(times.next(nobody), null);
  times.pass(5);
  times.compete(new Map());
  equal(times.next(nobody), null);
});

/** Everything that was ever charged, added up anew whenever somebody asks. */
class NaiveTimes {
  readonly #charges: { readonly name: string; readonly us: number }[] = [];
  readonly #weights: ReadonlyMap<string, number>;

  constructor(weights: ReadonlyMap<string, number>) {
    this.#weights = weights;
  }

  charge(name: string, us: number): void {
    this.#charges.push({ name, us });
  }

  perWeight(name: string): number {
    return this.#charges.filter((charge) => charge.name === name).reduce((sum, { us }) => sum + us, 0) / (this.#weights.get(name) as number);
  }

  get least(): number {
    return Math.min(...[...this.#weights.keys()].map((name) => this.perWeight(name)));
  }
}

for (const seed of seeds(7, 2026)) {
  test(`who is next has had least per weight, and nobody is further from another than a turn, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 300; round++) {
      const weights = new Map<string, number>(Array.from({ length: random.between(1, 8) }, (_, index) => [`p${index}`, random.between(1, 16) / 16] as const));
      const times = new VirtualTimes();
      times.compete(weights);
      const naive = new NaiveTimes(weights);
      let turnUsMax = 0;
      for (let turn = 0; turn < 60; turn++) {
        const name = times.next(nobody) as string;
        ok(naive.perWeight(name) <= naive.least + 1e-6, `${name} is next, although it has had ${naive.perWeight(name)} per weight and another one ${naive.least}.`);
        const us = 1 + random.skewed(100_000);
        turnUsMax = Math.max(turnUsMax, us / (weights.get(name) as number));
        times.turnBegins(name);
        times.charge(name, us);
        naive.charge(name, us);
        for (const other of weights.keys()) ok(naive.perWeight(other) - naive.least <= turnUsMax + 1e-6);
        for (const other of weights.keys()) ok(Math.abs(times.aheadUs(other) - (naive.perWeight(other) - naive.least) * (weights.get(other) as number)) < 1e-3);
      }
    }
  });
}
