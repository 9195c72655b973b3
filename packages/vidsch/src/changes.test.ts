/** Adapters in simulated time on which everything changes: guests, partitions, policies; and VFs that lie. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { type PartitionTerms, SCHEDULING_POLICIES, type SchedulingTerms } from './policy.ts';
import { type Demand, SimulatedAdapter, TDR_US } from './testing/simulated-adapter.ts';

const CASES = 60;
const CHANGES = 60;
const CHANGE_US_MAX = 60_000;
const NAMES = ['a', 'b', 'c', 'd', 'e'];
const LENGTH_US_MAX = 20_000;
const DEPTH_MAX = 8;
const CONTEXTS_MAX = 12;
const STALL_US_MAX = 400_000;

interface Options {
  readonly liars: boolean;
}

/** Of all partitions that have guests, and some that have none. */
function otherTerms(adapter: SimulatedAdapter, random: Random): SchedulingTerms {
  const used = new Set(adapter.contexts.map((context) => adapter.partitionOf(context)));
  return anyTerms(random, NAMES.filter((name) => used.has(name) || random.below(3) > 0));
}

/** Nobody has so small a share that its turn does not come while a test looks. */
function anyTerms(random: Random, names: readonly string[] = NAMES): SchedulingTerms {
  const share = (): number => random.between(1, 4) / (4 * NAMES.length);
  const partitions = names.map((name): readonly [string, PartitionTerms] => [name, { share: share(), isInteractive: random.below(5) === 0 }]);
  return { policy: SCHEDULING_POLICIES[random.below(3)] ?? 'best-effort', sliceUs: random.between(1, 20) * 1000, partitions: new Map(partitions) };
}

function anyDemand(random: Random): Demand {
  const lengthUsMax = 50 + random.skewed(LENGTH_US_MAX);
  const isGreedy = random.below(2) === 0;
  return { depth: isGreedy ? random.between(1, DEPTH_MAX) : 1, lengthUs: () => random.between(1, lengthUsMax), restUs: () => (isGreedy ? 0 : random.between(1, 100_000)) };
}

/** One thing changes. */
function change(adapter: SimulatedAdapter, random: Random, { liars }: Options): void {
  const { contexts } = adapter;
  const any = contexts[random.below(Math.max(1, contexts.length))];
  const defined = [...adapter.scheduler.terms.partitions.keys()];
  const partition = defined[random.below(Math.max(1, defined.length))];
  const what = random.below(9);
  if (what === 0 || partition === undefined) adapter.scheduler.setTerms(otherTerms(adapter, random));
  else if (what === 1 && liars) adapter.beginLiar(partition);
  else if (what <= 3 && contexts.length < CONTEXTS_MAX) adapter.begin(partition, anyDemand(random));
  else if (what <= 5 && any !== undefined) adapter.end(any);
  else if (what === 6 && any !== undefined) adapter.stall(any, random.skewed(STALL_US_MAX));
  lie(adapter, random);
}

/** Of a turn that it has, or had, or never had. */
function lie(adapter: SimulatedAdapter, random: Random): void {
  for (const liar of adapter.liars) {
    const serial = Math.max(0, adapter.serialOf(liar) - (random.below(3) === 0 ? random.below(5) - 2 : 0));
    const type = (['turn-wanted', 'turn-over', 'turn-idle'] as const)[random.below(3)] ?? 'turn-over';
    if (random.below(2) === 0) adapter.say(liar, { type, serial });
  }
}

/** From here on nothing changes: each that wants the adapter gets it, within the turns of all others and the time that liars may hold it. */
function checkThatAllGoOn(adapter: SimulatedAdapter, random: Random): void {
  const waiting = new Set(NAMES.filter((name) => adapter.contexts.some((context) => !adapter.liars.has(context) && adapter.partitionOf(context) === name)));
  for (const name of waiting) adapter.begin(name, { depth: 2, lengthUs: () => 1_000, restUs: () => 0 });
  const before = new Map([...waiting].map((name) => [name, adapter.gpu.busyUs(name)]));
  for (let count = 0; count < 40; count++) {
    adapter.queue.runUntil(adapter.queue.nowUs + TDR_US / 2);
    lie(adapter, random);
  }
  for (const name of waiting) ok(adapter.gpu.busyUs(name) > (before.get(name) as number), `${name} has got nothing for ${20 * TDR_US} us.`);
}

function checkHonesty(adapter: SimulatedAdapter): void {
  ok(adapter.intrusions.length === 0, adapter.intrusions[0]);
  const honest = adapter.ousted.filter((context) => !adapter.liars.has(context));
  ok(honest.length === 0, `Contexts are ousted that do not lie: ${honest.join(', ')}.`);
}

for (const options of [{ liars: false }, { liars: true }]) {
  for (const seed of seeds(7, 2026)) {
    test(`nobody is in another's turn, and everybody gets theirs, ${CASES} cases ${options.liars ? 'with liars ' : ''}from seed ${seed}`, () => {
      for (let number = 0; number < CASES; number++) {
        const random = new Random(seed * CASES + number);
        const adapter = new SimulatedAdapter(anyTerms(random), random, { messageUsMax: random.between(1, 500), wakeUsMax: random.below(3_000) });
        try {
          for (let count = 0; count < CHANGES; count++) {
            change(adapter, random, options);
            adapter.queue.runUntil(adapter.queue.nowUs + random.between(1, CHANGE_US_MAX));
            checkHonesty(adapter);
          }
          checkThatAllGoOn(adapter, random);
          checkHonesty(adapter);
        } catch (error) {
          throw new Error(`Case ${number} of seed ${seed}: ${(error as Error).message}`, { cause: error });
        }
      }
    });
  }
}
