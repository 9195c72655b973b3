/** Random sequences of operations: the table against a naive host, with restarts in between. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import type { CapabilityRequest, PartitionRequest } from '../actions.ts';
import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { NaiveHost } from '../testing/naive-host.ts';
import { Random, seeds } from '@gpup/base/testing';
import { COMPUTE_PARTS } from './compute-parts.ts';
import { computeBounds, vramBounds } from './definition.ts';
import { decodeDefinitions, encodeDefinitions } from './definitions.ts';
import {
  type PartitionTable,
  type Transition,
  type UseOf,
  allotments,
  available,
  blockPartition,
  changePartition,
  claimAdapter,
  createPartition,
  releaseAdapter,
  removePartition,
  setAdapterMode,
  unblockPartition,
} from './partition-table.ts';
import { ANY_NAMES, decodePartitionRequest } from './request.ts';
import { NO_DEFINITIONS, restoreTable, saveTable } from './restore.ts';

const ADAPTERS = [{ id: 'hardware-0', vramBytes: 48 }, { id: 'software-0', vramBytes: 7 }];
const NAMES = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const SIZES = ['1/8', '1/6', '1/3', '1/2', '1', 'NV6ads-A10-v5'];
const SHARES = [0, 0.01, 0.1, 1 / 6, 1 / 4, 1 / 3, 0.5, 1];

/** The two hosts, which do the same and must say the same. */
class Pair {
  readonly naive = new NaiveHost(ADAPTERS);
  readonly codes = new Map<string, number>();
  table: PartitionTable = restoreTable(NO_DEFINITIONS, ADAPTERS);
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  readonly use: UseOf = (name) => {
    const { usedBytes = 0, contextCount = 0 } = this.naive.find(name) ?? {};
    return { vramBytes: usedBytes, hostBytes: 0, contextCount };
  };

  step(): void {
    const random = this.#random;
    const { naive, use } = this;
    const name = this.#name();
    const id = this.#adapterId();
    switch (random.below(16)) {
      case 0: case 1: case 2: case 3: {
        const request = this.#request(this.#pick(NAMES));
        return this.#both(() => createPartition(this.table, request, { use, nowMs: 1 }), () => naive.create(request));
      }
      case 4: case 5: case 6: {
        const { name: _, adapter: __, size: ___, ...fields } = this.#request(name);
        const change = { ...fields, ...(random.below(2) === 0 && { whenInUse: this.#pick(['refuse', 'wait'] as const) }) };
        return this.#both(() => changePartition(this.table, name, change, { use, nowMs: 1 }), () => naive.change(name, change));
      }
      case 7: {
        const force = random.below(2) === 0;
        return this.#both(() => removePartition(this.table, name, { use, force }), () => naive.remove(name, force));
      }
      case 8: {
        const mode = this.#pick(['partitioned', 'dda'] as const);
        return this.#both(() => setAdapterMode(this.table, id, mode), () => naive.setMode(id, mode));
      }
      case 9:
        return this.#both(() => claimAdapter(this.table, id, name), () => naive.setOwner(id, name));
      case 10:
        return this.#both(() => releaseAdapter(this.table, id), () => naive.setOwner(id, null));
      case 11:
        return this.#both(() => blockPartition(this.table, name, { reason: id, nowMs: 1 }), () => naive.setBlocked(name, id));
      case 12:
        return this.#both(() => unblockPartition(this.table, name, { use }), () => naive.setBlocked(name, null));
      case 13:
        return this.#restart();
      default:
        return this.#guestsWork();
    }
  }

  /** What holds between any two operations. */
  check(): void {
    const allotted = allotments(this.table, this.use);
    deepEqual(this.table.partitions.map(({ definition }) => definition), this.naive.partitions.map(({ definition }) => definition));
    for (const adapter of this.naive.adapters) {
      const entry = this.table.adapters.find(({ id }) => id === adapter.id);
      deepEqual([entry?.mode, entry?.owner], [adapter.mode, adapter.owner]);
      const partitions = this.naive.on(adapter);
      ok(partitions.length === 0 || adapter.mode === 'partitioned');
      const currents = partitions.map(({ definition }) => allotted.get(definition.name)?.vramBytes ?? Number.NaN);
      deepEqual(currents, this.naive.currents(adapter));
      ok(sum(currents) <= adapter.totalBytes);
      for (const [index, { definition, usedBytes }] of partitions.entries()) {
        const current = currents[index] as number;
        const { min, max } = vramBounds(definition, adapter.totalBytes);
        const toBytes = allotted.get(definition.name)?.shrinkingToBytes ?? null;
        ok(usedBytes <= current, 'What a guest was given is not taken while it uses it.');
        ok(min <= current && (current <= max || toBytes !== null));
        ok(toBytes === null || (min <= toBytes && toBytes <= max && toBytes < usedBytes && current === usedBytes));
      }
      this.#checkCompute(partitions.map(({ definition }) => ({ ...computeBounds(definition), current: allotted.get(definition.name)?.computeParts ?? Number.NaN })));
      this.#checkAvailable(adapter.id);
    }
  }

  #checkCompute(shares: readonly { min: number; optimal: number; current: number }[]): void {
    ok(sum(shares.map(({ current }) => current)) <= COMPUTE_PARTS);
    for (const { min, optimal, current } of shares) {
      ok(min <= current && current <= optimal);
      // Who has less than they aim at is envied by all: nobody has more, but by promise.
      if (current === optimal) continue;
      equal(sum(shares.map((other) => other.current)), COMPUTE_PARTS);
      for (const other of shares) ok(other.current <= current + 1 || other.current === other.min);
    }
  }

  #checkAvailable(id: string): void {
    const adapter = this.table.adapters.find((other) => other.id === id);
    const count = this.table.partitions.filter(({ definition }) => definition.adapter === id).length;
    if (adapter?.mode !== 'partitioned' || count >= PF_LIMITS.partitionsPerAdapterMax) return;
    const { vramBytes } = available(this.table, id, this.use);
    const attempt = (min: number): string | null => codeOf(() => createPartition(this.table, { name: 'probe', adapter: id, vram: { min } }, { use: this.use, nowMs: 1 }));
    equal(attempt(vramBytes), null);
    ok(attempt(vramBytes + 1) !== null);
  }

  #both(real: () => Transition, naive: () => string | null): void {
    const before = structuredClone(this.table);
    const table = this.table;
    const code = codeOf(() => {
      this.table = real().table;
    });
    deepEqual(table, before);
    equal(code, naive());
    this.codes.set(code ?? 'done', (this.codes.get(code ?? 'done') ?? 0) + 1);
  }

  /** Owners are found again among the guests, everything else in the file. */
  #restart(): void {
    const restored = restoreTable(decodeDefinitions(JSON.parse(encodeDefinitions(saveTable(this.table)))), ADAPTERS);
    const owned = this.table.adapters.filter(({ owner }) => owner !== null);
    const next = owned.reduce((table, { id, owner }) => claimAdapter(table, id, owner as string).table, restored);
    deepEqual(next, this.table);
    this.table = next;
  }

  /** Guests keep to their budget, to the byte, and use what they like of it. */
  #guestsWork(): void {
    const allotted = allotments(this.table, this.use);
    const partition = this.naive.partitions[this.#random.below(this.naive.partitions.length + 1)];
    if (partition === undefined) return;
    const budgetBytes = allotted.get(partition.definition.name)?.vramBytes ?? 0;
    partition.usedBytes = this.#random.below(3) === 0 ? budgetBytes : this.#random.below(budgetBytes + 1);
    partition.contextCount = this.#random.below(8);
  }

  #request(name: string): PartitionRequest {
    const random = this.#random;
    const vram = this.#capability(() => random.below(random.below(4) === 0 ? 50 : 12));
    const compute = this.#capability(() => this.#pick(SHARES));
    const request = {
      name,
      ...(random.below(3) === 0 && { adapter: this.#adapterId() }),
      ...(random.below(2) === 0 && { size: this.#pick(SIZES) }),
      ...(random.below(2) === 0 && { vram }),
      ...(random.below(3) === 0 && { compute }),
      ...(random.below(2) === 0 && { contextsMax: 1 + random.below(3) }),
      ...(random.below(4) === 0 && { timestamps: this.#pick(['none', 'coarse', 'fine'] as const) }),
    };
    return decodePartitionRequest(request, ANY_NAMES);
  }

  /** Mostly of one that is there. */
  #name(): string {
    const names = this.naive.partitions.map(({ definition }) => definition.name);
    return names.length === 0 || this.#random.below(8) === 0 ? this.#pick(NAMES) : this.#pick(names);
  }

  #adapterId(): string {
    return this.#random.below(16) === 0 ? 'software-9' : this.#pick(ADAPTERS).id;
  }

  #capability(value: () => number): CapabilityRequest {
    const [min, optimal, max] = [value(), value(), value()].sort((one, other) => one - other);
    const has = this.#random.below(8);
    // Only a min may be nothing.
    return {
      ...(has & 1 && { min: min as number }),
      ...(has & 2 && optimal !== 0 && { optimal: optimal as number }),
      ...(has & 4 && max !== 0 && { max: max as number }),
    };
  }

  #pick<Type>(list: readonly Type[]): Type {
    return list[this.#random.below(list.length)] as Type;
  }
}

const SEQUENCE_COUNT = 120;
const STEP_COUNT = 50;

for (const seed of seeds(7, 2026)) {
  test(`a table agrees with a naive host, restarts or not, seed ${seed}`, () => {
    const random = new Random(seed);
    const counts = new Map<string, number>();
    for (let sequence = 0; sequence < SEQUENCE_COUNT; sequence++) {
      const pair = new Pair(random);
      for (let step = 0; step < STEP_COUNT; step++) {
        pair.step();
        pair.check();
      }
      for (const [code, count] of pair.codes) counts.set(code, (counts.get(code) ?? 0) + count);
    }
    // A model that never gets somewhere says nothing about it.
    for (const code of [
      'done', 'unknown-adapter', 'unknown-partition', 'partition-exists', 'above-adapter', 'adapter-dda', 'adapter-owned', 'adapter-has-partitions',
      'adapter-partitioned', 'vram-exhausted', 'compute-exhausted', 'vram-in-use', 'contexts-in-use', 'partition-in-use',
    ]) {
      ok(counts.has(code), `${code} never came.`);
    }
  });
}

function codeOf(operation: () => void): string | null {
  try {
    operation();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
