import { monotonicUs } from '@gpup/os';
import type { AdapterScheduling, LatencyClass, PartitionScheduling } from '@gpup/pf/actions';
import type { Context, TurnLine } from '@gpup/pf/core';
import { NOT_IN_USE, type PartitionTable, adapterOf, allotments, shareOf } from '@gpup/pf/partitions';
import type { SlotView } from '@gpup/vidmm';
import type { PartitionTerms, SchedulingTerms } from '@gpup/vidsch';
import { AdapterTurns, type Overrun } from './adapter-turns.ts';
import { FreeTime } from './free-time.ts';
import { TimeShares } from './time-shares.ts';

export interface HostSchedulingOptions {
  readonly table: PartitionTable;
  /** Of adapters for which nothing else was asked for. */
  readonly standard: AdapterScheduling;
  /** What contexts of a partition, those that have ended included, have used of the GPU, as their VFs say. */
  readonly gpuTimeUs: (partition: string) => number;
  /** Those that are there now. */
  readonly contextsOf: (partition: string) => readonly Context[];
  /** What a context's VF says of itself on its partition's page; undefined: it has no place there. */
  readonly slotOf: (context: Context) => SlotView | undefined;
  /** For whoever reads the log. */
  readonly warn: (message: string) => void;
}

interface Adapter {
  readonly turns: AdapterTurns;
  readonly shares: TimeShares;
}

/** The escape by which a guest says what it is. */
const LATENCY_ESCAPE = 'latency-class';

/**
 * Who has which adapter when: a scheduler for each, on the terms of the table. Adapters that a guest owns whole have no
 * partitions, and so nothing is scheduled there.
 */
export class HostScheduling {
  readonly #options: HostSchedulingOptions;
  readonly #adapters: ReadonlyMap<string, Adapter>;
  readonly #freeTime = new FreeTime();
  /** Partitions whose guests wait in vain, as was said once. */
  readonly #inVain = new Set<string>();
  #table: PartitionTable;

  constructor(options: HostSchedulingOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#adapters = new Map(options.table.adapters.map(({ id }) => [id, { turns: new AdapterTurns(this.#termsOf(id), options.slotOf), shares: new TimeShares() }]));
  }

  /** What an adapter is shared by. Throws a Refusal where there is none. */
  of(adapter: string): AdapterScheduling {
    return adapterOf(this.#table, adapter).scheduling ?? this.#options.standard;
  }

  /** These are the partitions, and what they were promised, from now on. */
  follow(table: PartitionTable): void {
    const names = new Set(table.partitions.map(({ definition }) => definition.name));
    for (const { definition } of this.#table.partitions) if (!names.has(definition.name)) this.#freeTime.forget(definition.name);
    this.#table = table;
    for (const id of this.#adapters.keys()) this.#follow(id);
  }

  /** It has a VF, which hears of turns before it hears of its guest; or it is ready, which one that was taken over may be at once. */
  begins(context: Context): void {
    this.#turnsOf(context)?.begins(context);
    this.latencyClassChanged(context);
  }

  turn(context: Context, line: TurnLine): void {
    this.#turnsOf(context)?.turn(context, line);
  }

  /** Its guest says that it is of another class: that counts where its partition lets guests say so. */
  latencyClassChanged({ description: { adapter, partition } }: Context): void {
    if (partition !== '') this.#follow(adapter);
  }

  ended(context: Context): void {
    this.#turnsOf(context)?.ended(context);
    this.latencyClassChanged(context);
  }

  /** A few times a second, once everything has been read that VFs have said. Those that are to be ended. */
  look(beyondUsMax: (context: Context) => number): readonly Overrun[] {
    const overruns = [...this.#adapters.values()].flatMap(({ turns }) => turns.look(beyondUsMax));
    for (const [id, adapter] of this.#adapters) this.#note(id, adapter);
    return overruns;
  }

  viewOf(partition: string, adapter: string): PartitionScheduling {
    const { turns, shares } = this.#adapters.get(adapter) ?? {};
    const scheduler = turns?.scheduler;
    return {
      promisedShare: scheduler?.promisedShare(partition) ?? null,
      share: shares?.shareOf(partition) ?? 0,
      heldUs: (scheduler?.heldUs(partition) ?? 0) + this.#freeTime.of(partition),
      owedUs: scheduler?.owedUs(partition) ?? 0,
      turnCount: scheduler?.turnCount(partition) ?? 0,
      latencyClass: this.#classOf(partition),
    };
  }

  stop(): void {
    for (const { turns } of this.#adapters.values()) turns.stop();
  }

  #follow(id: string): void {
    const adapter = this.#adapters.get(id);
    // A partition whose adapter is not there since a restart may have guests of before.
    if (adapter === undefined) return;
    const terms = this.#termsOf(id);
    adapter.turns.scheduler.setTerms(terms);
    for (const [name, { share }] of terms.partitions) this.#warnIfInVain(name, { isInVain: terms.policy === 'fixed-share' && share === 0 });
  }

  /** Its guests would look like ones that hang. */
  #warnIfInVain(name: string, { isInVain }: { readonly isInVain: boolean }): void {
    if (!isInVain) return void this.#inVain.delete(name);
    if (this.#inVain.has(name) || this.#options.contextsOf(name).length === 0) return;
    this.#inVain.add(name);
    this.#options.warn(`Guests of the partition "${name}" get no time of their adapter: its policy is fixed-share, other partitions were promised all of it, and this one nothing (compute.min 0).`);
  }

  #turnsOf({ description: { adapter, partition } }: Context): AdapterTurns | undefined {
    return partition === '' ? undefined : this.#adapters.get(adapter)?.turns;
  }

  #note(id: string, { turns: { scheduler }, shares }: Adapter): void {
    const names = this.#namesOn(id);
    for (const name of names) this.#freeTime.note(name, this.#options.gpuTimeUs(name), { counts: !scheduler.givesTurns });
    shares.note(monotonicUs(), new Map(names.map((name) => [name, scheduler.heldUs(name) + this.#freeTime.of(name)])));
  }

  #namesOn(id: string): readonly string[] {
    return this.#table.partitions.filter(({ definition }) => definition.adapter === id).map(({ definition }) => definition.name);
  }

  #termsOf(id: string): SchedulingTerms {
    const { policy, sliceMs } = this.of(id);
    const allotted = allotments(this.#table, NOT_IN_USE);
    const partitions = this.#namesOn(id).map((name): readonly [string, PartitionTerms] => [
      name,
      { share: shareOf(allotted.get(name)?.computeParts ?? 0), isInteractive: this.#classOf(name) === 'interactive' },
    ]);
    return { policy, sliceUs: sliceMs * 1000, partitions: new Map(partitions) };
  }

  #classOf(name: string): LatencyClass {
    const definition = this.#table.partitions.find((partition) => partition.definition.name === name)?.definition;
    if (definition === undefined || definition.latencyClass === 'interactive') return definition?.latencyClass ?? 'throughput';
    if (!definition.escapes.includes(LATENCY_ESCAPE)) return 'throughput';
    const saysSo = this.#options.contextsOf(name).some(({ state, latencyClass }) => state === 'ready' && latencyClass === 'interactive');
    return saysSo ? 'interactive' : 'throughput';
  }
}
