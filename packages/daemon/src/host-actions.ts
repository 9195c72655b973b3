import type {
  AdapterMode,
  AdapterScheduling,
  AdapterView,
  Allocation,
  AuditEntry,
  ContextView,
  HostView,
  IssuedToken,
  PartitionChange,
  PartitionRequest,
  PartitionUsage,
  PartitionView,
  PfActions,
  RotationRequest,
  TokenRequest,
  TokenView,
  UsageReport,
} from '@gpup/pf/actions';
import { type Context, ESCAPE_NAMES, FEATURE_NAMES, LIMIT_NAMES, Refusal } from '@gpup/pf/core';
import {
  adapterFigures,
  adapterOf,
  allotments,
  changePartition,
  createPartition,
  decodePartitionChange,
  decodePartitionRequest,
  decodeScheduling,
  partitionView,
  removePartition,
  setAdapterMode,
  setAdapterScheduling,
  unblockPartition,
} from '@gpup/pf/partitions';
import type { Directories } from './directories.ts';
import type { HostCore } from './host-core.ts';
import type { AuditLog } from './audit/audit-log.ts';
import type { Meter } from './metering/meter.ts';
import { daemonStep } from './steps.ts';
import type { TokenStore } from './tokens/token-store.ts';
import type { Tenancy } from './tenancy.ts';
import type { TdrWatch } from './tdr-watch.ts';

export interface HostActionsOptions {
  readonly core: HostCore;
  readonly tdr: TdrWatch;
  readonly tokens: TokenStore;
  readonly meter: Meter;
  readonly audit: AuditLog;
  readonly directories: Directories;
  readonly identity: Pick<HostView, 'version' | 'protocol' | 'featureLevel' | 'isolation'>;
  readonly startedMs: number;
  readonly nowMs: () => number;
}

/** What a definition is checked with: what is saved must be what the next daemon reads. */
const KNOWN_NAMES = { escapes: ESCAPE_NAMES, features: FEATURE_NAMES, limits: LIMIT_NAMES };

/** What interfaces can ask of the daemon. Partitions that are being removed are refused to everybody else. */
export class HostActions implements PfActions {
  readonly #options: HostActionsOptions;
  readonly #core: HostCore;
  /** Names of partitions, and ids of adapters, whose guests or sockets are on their way. */
  readonly #inTransit = new Set<string>();

  constructor(options: HostActionsOptions) {
    this.#options = options;
    this.#core = options.core;
  }

  host(): HostView {
    const { identity, startedMs, directories } = this.#options;
    const { adoptedCount } = this.#core;
    return { ...identity, pid: process.pid, startedMs, adoptedCount, runtimeDirectory: directories.runtime, stateDirectory: directories.state };
  }

  adapters(): readonly AdapterView[] {
    return this.#core.adapters.map(({ id }) => this.#adapterView(id));
  }

  async setAdapterMode(id: string, mode: AdapterMode): Promise<AdapterView> {
    const before = adapterOf(this.#core.table, id).mode;
    if (before !== mode) await this.#inTransitWith(id, 'adapter', () => this.#changeMode(id, mode));
    return this.#adapterView(id);
  }

  async #changeMode(id: string, mode: AdapterMode): Promise<void> {
    this.#core.commit(setAdapterMode(this.#core.table, id, mode));
    if (mode === 'dda') await this.#core.addWhole(id);
    else await this.#core.removeWhole(id, { code: 'adapter-partitioned', message: `The adapter ${id} is shared by partitions from now on.` });
  }

  async setAdapterScheduling(id: string, asked: Partial<AdapterScheduling>): Promise<AdapterView> {
    const scheduling = decodeScheduling(asked, '', this.#core.scheduling.of(id));
    this.#core.commit(setAdapterScheduling(this.#core.table, id, scheduling));
    return this.#adapterView(id);
  }

  partitions(): readonly PartitionView[] {
    const { table, use } = this.#core;
    const allotted = allotments(table, use);
    return table.partitions.map(({ definition }) => this.#partitionView(definition.name, allotted));
  }

  partition(name: string): PartitionView {
    return this.#partitionView(name, allotments(this.#core.table, this.#core.use));
  }

  async createPartition(asked: PartitionRequest): Promise<PartitionView> {
    const request = decodePartitionRequest(asked, KNOWN_NAMES);
    return this.#inTransitWith(request.name, 'partition', async () => {
      this.#options.meter.admit(request.tenant ?? null);
      this.#core.commit(createPartition(this.#core.table, request, this.#circumstances()));
      try {
        await this.#core.addPartition(request.name);
      } catch (error) {
        this.#forget(request.name);
        throw error;
      }
      daemonStep('daemon.partition-made');
      return this.partition(request.name);
    });
  }

  async changePartition(name: string, asked: PartitionChange): Promise<PartitionView> {
    const change = decodePartitionChange(asked, KNOWN_NAMES);
    this.#checkAtRest(name, 'partition');
    this.#core.commit(changePartition(this.#core.table, name, change, this.#circumstances()));
    this.#core.limitMemory(name);
    if (change.escapes !== undefined) for (const { vf } of this.#core.partition(name).contexts) vf?.openEscapes(change.escapes);
    return this.partition(name);
  }

  async removePartition(name: string, { force }: { readonly force: boolean }): Promise<void> {
    await this.#inTransitWith(name, 'partition', async () => {
      const { use } = this.#core;
      removePartition(this.#core.table, name, { use, force });
      // Its memory is others' only when nobody has it any more.
      await this.#core.endPartition(name, { code: 'partition-removed', message: `The partition "${name}" is removed.` });
      this.#forget(name);
      daemonStep('daemon.partition-removed');
    });
  }

  /** What it had is gone. Where that cannot be saved it stays, and has to be removed again. */
  #forget(name: string): void {
    this.#core.forgetPartition(name, removePartition(this.#core.table, name, { use: this.#core.use, force: true }));
    this.#options.tdr.forgive(name);
  }

  async unblockPartition(name: string): Promise<PartitionView> {
    this.#checkAtRest(name, 'partition');
    this.#core.commit(unblockPartition(this.#core.table, name, { use: this.#core.use }));
    this.#options.tdr.forgive(name);
    return this.partition(name);
  }

  async largestAllocations(name: string, { countMax }: { readonly countMax: number }): Promise<readonly Allocation[]> {
    const contexts = this.#core.partition(name).contexts.filter(({ state }) => state === 'ready');
    const lists = await Promise.all(
      contexts.map(async ({ id, vf }) => ((await vf?.allocations(countMax)) ?? []).map((entry) => ({ ...entry, context: id }))),
    );
    return lists.flat().sort((one, other) => other.bytes - one.bytes).slice(0, countMax);
  }

  contexts(): readonly ContextView[] {
    return this.#core.contexts.map(({ context, tenancy }) => contextView(context, tenancy));
  }

  async endContext(id: number): Promise<void> {
    const context = this.#core.context(id);
    if (context === undefined || context.state === 'ended') throw new Refusal('unknown-context', `There is no context ${id}.`);
    context.end({ code: 'ended-by-host', message: 'The context was ended by the host.' });
  }

  logLines({ countMax }: { readonly countMax: number }): readonly string[] {
    return this.#core.log.lines(countMax);
  }

  tokens(): readonly TokenView[] {
    return this.#options.tokens.list();
  }

  async createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.#options.tokens.create(request);
  }

  async rotateToken(id: string, rotation: RotationRequest): Promise<IssuedToken> {
    return this.#options.tokens.rotate(id, rotation);
  }

  async revokeToken(id: string): Promise<void> {
    this.#options.tokens.revoke(id);
  }

  usage(): UsageReport {
    return this.#options.meter.report();
  }

  auditEntries({ countMax }: { readonly countMax: number }): readonly AuditEntry[] {
    return this.#options.audit.entries(countMax);
  }

  subscribe(listener: Parameters<PfActions['subscribe']>[0]): () => void {
    return this.#core.events.subscribe(listener);
  }

  #circumstances(): { readonly use: HostCore['use']; readonly nowMs: number } {
    return { use: this.#core.use, nowMs: this.#options.nowMs() };
  }

  /** One such operation at a time on each: what is looked at before an await holds after it. */
  async #inTransitWith<T>(name: string, what: string, run: () => Promise<T>): Promise<T> {
    this.#checkAtRest(name, what);
    this.#inTransit.add(name);
    try {
      return await run();
    } finally {
      this.#inTransit.delete(name);
    }
  }

  #checkAtRest(name: string, what: string): void {
    if (this.#inTransit.has(name)) throw new Refusal(`${what}-busy`, `The ${what} "${name}" is being changed by somebody else; try again.`);
  }

  #adapterView(id: string): AdapterView {
    const { table, use, adapters } = this.#core;
    const { choice, facts } = adapters.find((adapter) => adapter.id === id) as (typeof adapters)[number];
    return { ...facts, kind: choice.kind, scheduling: this.#core.scheduling.of(id), ...adapterFigures(table, id, use) };
  }

  #partitionView(name: string, allotted: ReturnType<typeof allotments>): PartitionView {
    const { table } = this.#core;
    const tenancy = this.#core.partition(name);
    const usage: PartitionUsage = tenancy.page?.usage() ?? NO_USAGE;
    const contextCount = tenancy.contexts.filter(({ state }) => state !== 'ended').length;
    const scheduling = this.#core.scheduling.viewOf(name, tenancy.adapter);
    return partitionView(table, name, { socketPath: tenancy.socketPath, contextCount, usage, scheduling }, allotted);
  }
}

const NO_USAGE: PartitionUsage = {
  vramBytes: 0, vramPeakBytes: 0, hostBytes: 0, gpuTimeUs: 0, submitCount: 0, completedCount: 0, faultCount: 0, tdrCount: 0, queueWaitUs: [], submitLatencyUs: [],
};

function contextView(context: Context, { page }: Tenancy): ContextView {
  const { id, state, slotIndex, vf, description: { partition, guestPid, openedMs } } = context;
  const slot = slotIndex === null ? undefined : page?.slot(slotIndex);
  return {
    id, partition, guestPid, openedMs,
    vfPid: vf?.pid ?? 0,
    // Those that have ended are not shown.
    state: state === 'ended' ? 'opened' : state,
    vramBytes: slot?.vramBytes ?? 0,
    hostBytes: slot?.hostBytes ?? 0,
    submitCount: slot?.submitCount ?? 0,
    completedCount: slot?.completedCount ?? 0,
    gpuTimeUs: slot?.gpuTimeUs ?? 0,
  };
}
