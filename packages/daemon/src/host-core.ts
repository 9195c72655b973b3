import { join } from 'node:path';
import { type Adoption, CONTEXT_ID_MAX, Context, type GuestView, type Reason, Refusal, type VfGroups, VfPool, dismissAdoption, memoryBytesMax } from '@gpup/pf/core';
import { PF_LIMITS } from '@gpup/pf';
import type { HostConfig } from '@gpup/pf/host-config';
import {
  type Definitions,
  NOT_IN_USE,
  type PartitionTable,
  type PartitionUse,
  type Transition,
  adapterOf,
  admitContext,
  allotments,
  blockedRefusal,
  claimAdapter,
  partitionOf,
  releaseAdapter,
  saveTable,
  settleBudgets,
  vramBounds,
} from '@gpup/pf/partitions';
import type { SlotView } from '@gpup/vidmm';
import type { HostAdapter } from './adapters.ts';
import { isConfinedProcess } from './confined-process.ts';
import { ContextIds } from './context-ids.ts';
import type { Directories } from './directories.ts';
import { EventSource } from './event-source.ts';
import type { Log } from './log.ts';
import type { Meter } from './metering/meter.ts';
import { readingOf } from './metering/reading.ts';
import { HostScheduling } from './scheduling/host-scheduling.ts';
import { daemonStep } from './steps.ts';
import { removeStrays } from './strays.ts';
import { type Landlord, Tenancy } from './tenancy.ts';

export interface HostCoreOptions {
  readonly config: Pick<HostConfig, 'pool' | 'orphanMsMax' | 'scheduling' | 'isolation'>;
  readonly directories: Directories;
  readonly adapters: readonly HostAdapter[];
  /** What the definitions and this start's adapters come to. */
  readonly table: PartitionTable;
  /** Returns when the definitions would survive a loss of power, or throws, with the older ones in place. */
  readonly save: (definitions: Definitions) => void;
  readonly log: Log;
  /** Null: there are none, or none are wanted. */
  readonly groups: VfGroups | null;
  readonly nowMs: () => number;
  readonly meter: Meter;
}

/** What a further guest of an adapter that somebody owns is told. */
const OWNED = 'adapter-owned';
const WHOLE_SLOT_COUNT = 1;
const WHOLE_ADAPTER: GuestView = { partition: '', features: null, limits: {}, timestamps: 'coarse' };
const NOT_ISOLATED: Reason = { code: 'not-isolated', message: 'The VF process was started without the isolation that the host requires now.' };
const GONE: Reason = { code: 'partition-removed', message: 'The partition does not exist any more.' };

/**
 * The daemon's partitions, adapters and contexts. The table says what is asked for, tenancies are what there is; they
 * follow the table. Invariants:
 *   - A table is saved before anything follows it, so that a crash in between leaves what the next daemon makes good.
 *   - There is a tenancy for each partition of the table, and for each adapter in mode `dda`.
 */
export class HostCore {
  readonly events: EventSource;
  readonly log: Log;
  readonly scheduling: HostScheduling;
  readonly #options: HostCoreOptions;
  readonly #pools: ReadonlyMap<string, VfPool>;
  readonly #partitions = new Map<string, Tenancy>();
  readonly #wholes = new Map<string, Tenancy>();
  readonly #ids = new ContextIds({ idMax: CONTEXT_ID_MAX, isTaken: (id) => this.context(id) !== undefined });
  #table: PartitionTable;
  #adoptedCount = 0;

  constructor(options: HostCoreOptions) {
    this.#options = options;
    this.log = options.log;
    this.events = new EventSource(options.nowMs, (partition) => this.tenantOf(partition));
    this.#table = options.table;
    this.scheduling = new HostScheduling({
      table: options.table,
      standard: options.config.scheduling,
      gpuTimeUs: (name) => this.#partitions.get(name)?.page?.gpuTimeUs() ?? 0,
      slotOf: (context) => this.slotOf(context),
      warn: (message) => this.log.warning(message),
      contextsOf: (name) => this.#partitions.get(name)?.contexts ?? [],
    });
    this.#pools = new Map(options.adapters.map((adapter) => [adapter.id, this.#poolOf(adapter)]));
    this.#followMeter();
    for (const { definition } of this.#table.partitions) this.#addPartition(definition.name);
    for (const { id, mode } of this.#table.adapters) if (mode === 'dda') this.#addWhole(id);
  }

  get table(): PartitionTable {
    return this.#table;
  }

  get adapters(): readonly HostAdapter[] {
    return this.#options.adapters;
  }

  get adoptedCount(): number {
    return this.#adoptedCount;
  }

  get tenancies(): readonly Tenancy[] {
    return [...this.#partitions.values(), ...this.#wholes.values()];
  }

  /** Those that are not about to be gone, by age. */
  get contexts(): readonly { readonly context: Context; readonly tenancy: Tenancy }[] {
    return this.tenancies
      .flatMap((tenancy) => tenancy.contexts.map((context) => ({ context, tenancy })))
      .filter(({ context }) => context.state !== 'ended')
      .sort((one, other) => one.context.id - other.context.id);
  }

  /** Also one that is about to be gone. */
  context(id: number): Context | undefined {
    return this.tenancies.flatMap(({ contexts }) => contexts).find((context) => context.id === id);
  }

  /** Throws a Refusal where there is none. */
  partition(name: string): Tenancy {
    partitionOf(this.#table, name);
    return this.#partitions.get(name) as Tenancy;
  }

  /** What the context's VF says of itself on its partition's page; undefined: it has no place there. */
  slotOf({ slotIndex, description: { partition, adapter } }: Context): SlotView | undefined {
    const { page } = (partition === '' ? this.#wholes.get(adapter) : this.#partitions.get(partition)) ?? {};
    return slotIndex === null ? undefined : page?.slot(slotIndex);
  }

  readonly use = (name: string): PartitionUse => {
    const tenancy = this.#partitions.get(name);
    const page = tenancy?.page;
    return { vramBytes: page?.usedBytes() ?? 0, hostBytes: page?.hostUsedBytes() ?? 0, contextCount: tenancy?.contexts.length ?? 0 };
  };

  /** Makes the next table the one that holds, for this daemon and for the next ones. */
  commit({ table, events }: Transition): void {
    this.#options.save(saveTable(table));
    daemonStep('daemon.partition-saved');
    this.#follow({ table, events });
  }

  /** The same for what must hold at once: where it cannot be saved, this daemon alone keeps to it. */
  impose({ table, events }: Transition): void {
    try {
      this.#options.save(saveTable(table));
    } catch (error) {
      this.log.error(`The partitions cannot be saved; a next host would not know of the last change. ${(error as Error).message}`);
    }
    daemonStep('daemon.partition-saved');
    this.#follow({ table, events });
  }

  /** The same where nothing changes that outlives this daemon. */
  #follow({ table, events }: Transition): void {
    // Of one that is removed only the table before knows whose it was.
    const before = events.map((event) => this.events.tenantOf(event));
    this.#table = table;
    this.settle();
    this.scheduling.follow(table);
    this.#followMeter();
    for (const [index, event] of events.entries()) this.events.tell(event, this.events.tenantOf(event) ?? before[index]);
  }

  #followMeter(): void {
    this.#options.meter.follow(this.#table.partitions.map(({ definition }) => definition));
  }

  /** Whose a partition is; undefined: there is none. Looks at all of them, whether it is found or not. */
  tenantOf(partition: string): string | null | undefined {
    let tenant: string | null | undefined;
    for (const { definition } of this.#table.partitions) if (definition.name === partition) tenant = definition.tenant;
    return tenant;
  }

  /** What partitions use at this moment is taken down. */
  meter(): void {
    for (const tenancy of this.#partitions.values()) this.#read(tenancy);
  }

  #read(tenancy: Tenancy): void {
    const vramBytes = this.adapters.find(({ id }) => id === tenancy.adapter)?.vramBytes ?? 0;
    const reading = readingOf(tenancy, vramBytes);
    if (reading !== undefined) this.#options.meter.observe(tenancy.name, reading);
  }

  /** Brings what guests are held to towards what the table allots. What they use meanwhile is done with the next time. */
  settle(): void {
    settleBudgets(this.#table, {
      budgetOf: (name) => this.#partitions.get(name)?.page?.budgetBytes ?? 0,
      setBudget: (name, bytes) => void this.#partitions.get(name)?.page?.setBudgetBytes(bytes, 'wait'),
      use: this.use,
    });
    for (const { definition } of this.#table.partitions) {
      const page = this.#partitions.get(definition.name)?.page;
      if (page?.hostBudgetBytes !== definition.hostBytesMax) page?.setHostBudgetBytes(definition.hostBytesMax, 'wait');
    }
    for (const { page } of this.#wholes.values()) {
      if (page?.budgetBytes !== Number.POSITIVE_INFINITY) page?.setBudgetBytes(undefined, 'wait');
      if (page?.hostBudgetBytes !== Number.POSITIVE_INFINITY) page?.setHostBudgetBytes(undefined, 'wait');
    }
  }

  /** Takes over a VF of the daemon before. One that has no place here any more is ended, and its guest told why. */
  adopt(adoption: Adoption): void {
    daemonStep('daemon.vf-found');
    const { hello } = adoption;
    const { partition, adapter, contextId } = hello.context;
    const tenancy = partition === '' ? this.#wholes.get(adapter) : this.#partitions.get(partition);
    // Its number may be another's by now, if a VF does not tell the truth: then it gets one of its own.
    const context = this.context(contextId) === undefined ? hello.context : { ...hello.context, contextId: this.#idFor(partition) };
    this.#ids.note(context.contextId);
    const answer = this.#give(tenancy, { ...adoption, hello: { ...hello, context } });
    const fields = { context: context.contextId, partition, vfPid: hello.pid };
    if (!(answer instanceof Context)) return this.log.warning(`A VF is not taken over: ${answer.message}`, { ...fields, code: answer.code });
    this.#adoptedCount += 1;
    this.#claim(answer);
    // They may have been changed by a daemon that had no time to say so.
    if (answer.vf?.takesTurns === false) this.log.warning('A VF of an older build takes no turns on its adapter: others share with it as under best-effort.', fields);
    if (partition !== '') answer.vf?.openEscapes(partitionOf(this.#table, partition).definition.escapes);
    this.log.info('A VF is taken over.', fields);
    this.events.tell({ type: 'context-adopted', partition, context: context.contextId, guestPid: context.guestPid });
    daemonStep('daemon.vf-adopted');
  }

  #idFor(partition: string): number {
    return (this.tenantOf(partition) ?? null) === null ? this.#ids.next() : this.#ids.drawn();
  }

  #give(tenancy: Tenancy | undefined, adoption: Adoption): Context | Reason {
    if (tenancy === undefined) return turnAway(adoption, GONE);
    // The daemon before may have been one that did not ask for it.
    if (this.#options.config.isolation === 'require' && !isConfinedProcess(adoption.hello.pid)) return turnAway(adoption, NOT_ISOLATED);
    const { name } = tenancy;
    const blocked = name === '' ? null : partitionOf(this.#table, name).definition.blocked;
    // In the last moment of the daemon before: its guests may be there still.
    return blocked === null ? tenancy.adopt(adoption) : turnAway(adoption, reasonOf(blockedRefusal(name, blocked.reason)));
  }

  /** From here on guests can come. */
  async open(): Promise<void> {
    const { partitions, adapters } = this.#options.directories;
    removeStrays(partitions, new Set(this.#partitions.keys()));
    removeStrays(adapters, new Set(this.#wholes.keys()));
    await Promise.all(this.tenancies.map((tenancy) => this.#openTenancy(tenancy)));
    this.#options.meter.saveIfChanged();
  }

  async addPartition(name: string): Promise<void> {
    await this.#openTenancy(this.#addPartition(name));
    this.#options.meter.saveIfChanged();
  }

  async addWhole(adapter: string): Promise<void> {
    await this.#openTenancy(this.#addWhole(adapter));
  }

  async #openTenancy(tenancy: Tenancy): Promise<void> {
    await tenancy.open();
    // The first reading: from here on everything counts.
    this.#read(tenancy);
    this.settle();
    this.#pools.get(tenancy.adapter)?.fill(this.#options.config.pool);
  }

  /** Ends what the partition has; it stays in the table. Nobody is admitted meanwhile. */
  async endPartition(name: string, reason: Reason): Promise<void> {
    daemonStep('daemon.partition-ending');
    await this.partition(name).close(reason);
  }

  /** Takes the partition, which has ended, out of the table. */
  forgetPartition(name: string, transition: Transition): void {
    const tenancy = this.#partitions.get(name) as Tenancy;
    this.#partitions.delete(name);
    try {
      this.commit(transition);
    } catch (error) {
      this.#partitions.set(name, tenancy);
      throw error;
    }
  }

  async removeWhole(adapter: string, reason: Reason): Promise<void> {
    await this.#wholes.get(adapter)?.close(reason);
    this.#wholes.delete(adapter);
  }

  /** Guests that are being served go on and wait for a next daemon; those that are not yet are told that there is none now. */
  async leave(reason: Reason): Promise<void> {
    for (const tenancy of this.tenancies) tenancy.stopListening();
    for (const { context } of this.contexts) if (context.state !== 'ready') context.end(reason);
    await this.#closePools(reason);
    while (this.tenancies.some(({ contexts }) => contexts.some(({ state }) => state === 'ended'))) await aMoment();
  }

  async end(reason: Reason): Promise<void> {
    this.scheduling.stop();
    await Promise.all([...this.tenancies.map((tenancy) => tenancy.close(reason)), this.#closePools(reason)]);
  }

  async #closePools(reason: Reason): Promise<void> {
    await Promise.all([...this.#pools.values()].map((pool) => pool.close(reason)));
  }

  #poolOf({ choice }: HostAdapter): VfPool {
    const { config, directories } = this.#options;
    return new VfPool({
      launch: {
        config: { hostPid: process.pid, dawnFlags: choice.dawnFlags, adapter: choice.kind, isolation: config.isolation },
        environment: { XDG_RUNTIME_DIR: directories.runtime, ...choice.environment },
        survival: { directory: directories.vfs, orphanMsMax: config.orphanMsMax },
        groups: this.#options.groups,
      },
      size: config.pool,
    });
  }

  #addPartition(name: string): Tenancy {
    const { definition } = partitionOf(this.#table, name);
    const tenancy = new Tenancy({
      name,
      adapter: definition.adapter,
      socketPath: join(this.#options.directories.partitions, `${name}.sock`),
      pool: this.#pools.get(definition.adapter) ?? null,
      // As many as any partition may have contexts, whatever this one may have now.
      slotCount: PF_LIMITS.contextsPartitionMax,
      landlord: this.#landlord({
        nextContextId: () => this.#idFor(name),
        refusal: () => refusalOf(() => admitContext(this.#table, name, this.use)),
        // Without what is in use, which is not known yet: what they had, unless some of it was being taken just then.
        standingBudgets: () => ({
          budgetBytes: allotments(this.#table, NOT_IN_USE).get(name)?.vramBytes ?? 0,
          hostBudgetBytes: partitionOf(this.#table, name).definition.hostBytesMax,
        }),
        memoryBytesMax: () => this.#memoryBytesMaxOf(name),
        escapes: () => partitionOf(this.#table, name).definition.escapes,
        view: () => {
          const { baseline: { features = null, limits = {} }, timestamps } = partitionOf(this.#table, name).definition;
          return { partition: name, features, limits, timestamps };
        },
      }),
    });
    this.#partitions.set(name, tenancy);
    return tenancy;
  }

  /** Each of its VF processes may have in memory what all of the partition may: contexts share its budgets. */
  #memoryBytesMaxOf(name: string): number | null {
    const { definition } = partitionOf(this.#table, name);
    const adapter = this.#table.adapters.find(({ id }) => id === definition.adapter);
    if (adapter === undefined) return null;
    return memoryBytesMax({ vramBytes: vramBounds(definition, adapter.vramBytes).max, hostBytes: definition.hostBytesMax });
  }

  /** After a change of the partition. */
  limitMemory(name: string): void {
    for (const { vf } of this.partition(name).contexts) vf?.limitMemory(this.#memoryBytesMaxOf(name));
  }

  #addWhole(adapter: string): Tenancy {
    const tenancy = new Tenancy({
      name: '',
      adapter,
      socketPath: join(this.#options.directories.adapters, `${adapter}.sock`),
      pool: this.#pools.get(adapter) ?? null,
      slotCount: WHOLE_SLOT_COUNT,
      landlord: this.#landlord({
        nextContextId: () => this.#ids.next(),
        refusal: () => {
          const { owner } = adapterOf(this.#table, adapter);
          return owner === null ? null : { code: OWNED, message: `The adapter ${adapter} is owned whole by ${owner}.` };
        },
        standingBudgets: () => ({ budgetBytes: undefined, hostBudgetBytes: undefined }),
        // Who owns an adapter whole has no budgets either.
        memoryBytesMax: () => null,
        escapes: () => [],
        view: () => WHOLE_ADAPTER,
      }),
    });
    this.#wholes.set(adapter, tenancy);
    return tenancy;
  }

  #landlord(decisions: Pick<Landlord, 'nextContextId' | 'refusal' | 'standingBudgets' | 'memoryBytesMax' | 'escapes' | 'view'>): Landlord {
    return {
      ...decisions,
      onOpened: (context) => this.#opened(context),
      onAssigned: (context) => this.scheduling.begins(context),
      onReady: (context) => this.scheduling.begins(context),
      onTurn: (context, line) => this.scheduling.turn(context, line),
      onLatencyClass: (context) => this.scheduling.latencyClassChanged(context),
      onEnded: (context, reason) => this.#ended(context, reason),
      onPageLeaves: (tenancy) => this.#pageLeaves(tenancy),
    };
  }

  #opened(context: Context): void {
    const { id, description: { partition, guestPid } } = context;
    this.#claim(context);
    this.log.info('A context is opened.', { context: id, partition, guestPid });
    this.events.tell({ type: 'context-opened', partition, context: id, guestPid });
  }

  /** What was used until now is kept before anything else happens to the partition. */
  #pageLeaves(tenancy: Tenancy): void {
    if (tenancy.name === '') return;
    this.#read(tenancy);
    this.#options.meter.saveIfChanged();
  }

  /** A context without a partition has its adapter whole. */
  #claim({ id, description: { partition, adapter, guestPid } }: Context): void {
    if (partition === '') this.#follow(claimAdapter(this.#table, adapter, `guest process ${guestPid} (context ${id})`));
  }

  #ended(context: Context, { code, message }: Reason): void {
    const { id, description: { partition, adapter } } = context;
    this.scheduling.ended(context);
    if (partition === '') this.#follow(releaseAdapter(this.#table, adapter));
    this.log.info(`A context has ended: ${message}`, { context: id, partition, code });
    this.events.tell({ type: 'context-ended', partition, context: id, code, message });
  }
}

/** A guest is told what an operator would be. */
function refusalOf(check: () => void): Reason | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof Refusal) return reasonOf(error);
    throw error;
  }
}

function turnAway(adoption: Adoption, reason: Reason): Reason {
  dismissAdoption(adoption, reason);
  return reason;
}

function reasonOf({ code, message }: Refusal): Reason {
  return { code, message };
}

const MOMENT_MS = 5;

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, MOMENT_MS));
}
