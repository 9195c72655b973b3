/** Whole adapters in simulated time, with VFs that keep to their turns: what each partition holds is what a policy promises, at any time. */
import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { OUT_OF_ORDER_US, SCHEDULER_LIMITS } from './limits.ts';
import { type PartitionTerms, SCHEDULING_POLICIES, type SchedulingPolicy } from './policy.ts';
import { SimulatedAdapter } from './testing/simulated-adapter.ts';

const CASES = 300;
/** Before it VFs have heard that there are turns, and nobody has submitted anything. */
const START_US = 20_000;
const CHECKS = 4;
/** Some go on for so long that interactive ones come again and again. */
const LONG_EVERY = 16;
/** So that an interactive one is never away for so long that everybody is free again. */
const REST_US_MAX = 400_000;
const IDLE_US = 300;

type Kind = 'greedy' | 'light' | 'idle' | 'absent';

interface Partition {
  readonly name: string;
  readonly kind: Kind;
  readonly isInteractive: boolean;
  readonly weight: number;
  readonly contextCount: number;
  readonly depth: number;
  readonly lengthUs: number;
  readonly restUs: number;
}

interface Case {
  readonly policy: SchedulingPolicy;
  readonly sliceUs: number;
  readonly messageUsMax: number;
  readonly wakeUsMax: number;
  readonly partitions: readonly Partition[];
}

/** Two greedy ones at least, whose lengths have nothing to do with each other. */
function anyCase(random: Random, policy: SchedulingPolicy): Case {
  const count = random.between(2, 6);
  const shares = dividedShares(random, count);
  const interactive = random.below(2) === 0 ? random.between(2, 7) : -1;
  const partitions = shares.map((share, index): Partition => {
    const isInteractive = index === interactive;
    const kind = index < 2 ? 'greedy' : isInteractive ? 'light' : (['greedy', 'light', 'idle', 'absent'] as const)[random.below(4)] as Kind;
    const weight = policy === 'fixed-share' ? share : 1;
    const lengthUs = isInteractive ? random.between(50, 1_000) : 50 + random.skewed(40_000);
    // Less than half of what it may have, the cost of interrupting others included.
    const fraction = policy === 'fixed-share' ? share : 1 / count;
    const restUs = kind === 'greedy' ? 0 : Math.min(REST_US_MAX, Math.ceil((2 * (lengthUs + OUT_OF_ORDER_US + 3_000)) / fraction));
    return { name: `p${index}`, kind, isInteractive, weight, contextCount: isInteractive ? 1 : random.between(1, 3), depth: kind === 'greedy' ? random.between(1, 8) : 1, lengthUs, restUs };
  });
  return { policy, sliceUs: random.between(1, 30) * 1000, messageUsMax: random.between(1, 400), wakeUsMax: random.below(2_000), partitions };
}

/** What is left over is nobody's. */
function dividedShares(random: Random, count: number): readonly number[] {
  const parts = Array.from({ length: count }, () => random.between(1, 8));
  const total = parts.reduce((sum, part) => sum + part, 0) + (random.below(2) === 0 ? 0 : random.between(1, 8));
  return parts.map((part) => part / total);
}

function adapterOf({ policy, sliceUs, messageUsMax, wakeUsMax, partitions }: Case, random: Random): SimulatedAdapter {
  const terms = partitions.map(({ name, weight, isInteractive }): readonly [string, PartitionTerms] => [name, { share: weight, isInteractive }]);
  const adapter = new SimulatedAdapter({ policy, sliceUs, partitions: new Map(terms) }, random, { messageUsMax, wakeUsMax });
  for (const { name, kind, contextCount, depth, lengthUs, restUs } of partitions) {
    if (kind === 'absent') continue;
    const wantedDepth = kind === 'idle' ? 0 : depth;
    for (let count = 0; count < contextCount; count++) {
      adapter.begin(name, { depth: wantedDepth, lengthUs: () => lengthUs, restUs: () => (restUs === 0 ? 0 : random.between(restUs, 2 * restUs)), afterUs: START_US });
    }
  }
  return adapter;
}

/**
 * By how much one can be ahead after a turn: by a slice, and by the submits that are in it. Each further context may have let
 * through so much that the longest turn is full, as if it were alone.
 */
function turnUsMax({ sliceUs, messageUsMax, wakeUsMax }: Case, { contextCount, lengthUs }: Partition): number {
  const further = (contextCount - 1) * (SCHEDULER_LIMITS.slicesPerTurnMax * sliceUs + lengthUs);
  return sliceUs + lengthUs + further + 4 * messageUsMax + wakeUsMax;
}

/** The naive model: time divided by weights, to the microsecond, whoever uses it; nobody is further from it than a turn. */
function checkShares(of: Case, adapter: SimulatedAdapter): void {
  const { partitions, policy } = of;
  const competing = policy === 'fixed-share' ? partitions : partitions.filter(({ kind }) => kind !== 'absent');
  const weightSum = policy === 'fixed-share' ? 1 : competing.length;
  const elapsedUs = adapter.queue.nowUs;
  const outOfOrderUs = competing.filter(({ isInteractive }) => isInteractive).reduce((sum, { name }) => sum + adapter.scheduler.turnCount(name) * OUT_OF_ORDER_US, 0);
  // Of the one that is owed most by the one that is ahead most.
  const aheadUsMax = Math.max(...competing.map((partition) => (turnUsMax(of, partition) + extraUs(of, partition)) / partition.weight), of.sliceUs / (1 - sumOf(partitions)));
  for (const partition of competing) {
    const { name, weight, kind } = partition;
    const heldUs = adapter.heldUs(name);
    // It may have seen the end of one that is a little late to say so.
    const seenEarlierUs = (adapter.scheduler.turnCount(name) + 1) * of.messageUsMax;
    ok(Math.abs(heldUs - adapter.scheduler.heldUs(name)) <= seenEarlierUs, `${name} held ${heldUs} us, of which the scheduler knows ${adapter.scheduler.heldUs(name)}.`);
    const fairUs = (weight / weightSum) * elapsedUs;
    const mostUs = fairUs + turnUsMax(of, partition) + extraUs(of, partition) + (weight / weightSum) * outOfOrderUs;
    ok(heldUs <= mostUs, `${name} held ${heldUs} us, more than ${mostUs} (${fairUs} and a turn).`);
    const leastUs = fairUs - weight * aheadUsMax - (weight / weightSum) * (START_US + 10 * of.messageUsMax);
    if (kind === 'greedy') ok(heldUs >= leastUs, `${name} held ${heldUs} us, less than ${leastUs} (${fairUs} less a turn of the one that is most ahead).`);
  }
}

function sumOf(partitions: readonly Partition[]): number {
  return Math.min(1 - 1e-9, partitions.reduce((sum, { weight }) => sum + weight, 0));
}

/** An interactive one may be ahead of its share by a slice, and has its turn then. */
function extraUs({ sliceUs }: Case, { isInteractive }: Partition): number {
  return isInteractive ? sliceUs + 2 * OUT_OF_ORDER_US : 0;
}

/** A slice, the longest submits that can be in it, and what messages take. */
function checkLatency(of: Case, adapter: SimulatedAdapter): void {
  const interactive = of.partitions.find(({ isInteractive }) => isInteractive);
  if (interactive === undefined) return;
  const limitUs = Math.max(...of.partitions.map((partition) => turnUsMax(of, partition))) + 5_000;
  // Before there were turns everybody submitted as much as they would.
  const backlogUs = of.policy === 'best-effort' ? of.partitions.reduce((sum, { contextCount, depth, lengthUs }) => sum + contextCount * depth * lengthUs, 0) : 0;
  const waits = (adapter.waits.get(interactive.name) ?? []).filter(({ madeUs }) => madeUs > 2 * REST_US_MAX + backlogUs);
  for (const { madeUs, waitedUs } of waits) ok(waitedUs <= limitUs, `A submit of ${interactive.name} at ${madeUs} us waited for ${waitedUs} us, more than ${limitUs}.`);
}

/** The adapter stands still only while one hands over to another. */
function checkNothingIsWasted(of: Case, adapter: SimulatedAdapter): void {
  const switchUs = IDLE_US + 6 * of.messageUsMax;
  const idleUs = adapter.queue.nowUs - adapter.gpu.totalBusyUs - START_US;
  const allowedUs = (adapter.holds.length + 2) * switchUs;
  ok(idleUs <= allowedUs, `The adapter stood still for ${idleUs} us, more than ${allowedUs} (${adapter.holds.length} turns).`);
}

function check(of: Case, adapter: SimulatedAdapter): void {
  ok(adapter.intrusions.length === 0, adapter.intrusions[0]);
  ok(adapter.ousted.length === 0, `Contexts are ousted: ${adapter.ousted.join(', ')}.`);
  if (of.policy === 'best-effort') checkNothingIsWasted(of, adapter);
  else checkShares(of, adapter);
  checkLatency(of, adapter);
  const waitsForNobody = of.policy === 'best-effort' && !of.partitions.some(({ isInteractive }) => isInteractive);
  if (waitsForNobody) ok(adapter.holds.length === 0, 'Turns are given, although nobody is interactive.');
}

for (const policy of SCHEDULING_POLICIES) {
  for (const seed of seeds(7, 2026)) {
    test(`${policy}: what is held is what is promised, ${CASES} cases from seed ${seed}`, () => {
      for (let number = 0; number < CASES; number++) {
        const random = new Random(seed * CASES + number);
        const of = anyCase(random, policy);
        const adapter = adapterOf(of, random);
        const stepUs = 12 * of.sliceUs + (number % LONG_EVERY === 0 ? REST_US_MAX : 0);
        try {
          for (let step = 1; step <= CHECKS; step++) {
            adapter.queue.runUntil(START_US + step * stepUs);
            check(of, adapter);
          }
        } catch (error) {
          throw new Error(`Case ${number} of seed ${seed}: ${(error as Error).message} ${JSON.stringify(of)}`, { cause: error });
        }
      }
    });
  }
}
