import type {
  AdapterMode,
  AdapterScheduling,
  AdapterView,
  Allocation,
  AuditEntry,
  Capability,
  CapabilityRequest,
  ContextView,
  HostEvent,
  HostView,
  IssuedToken,
  LatencyClass,
  PartitionChange,
  PartitionRequest,
  PartitionState,
  PartitionUsage,
  PartitionView,
  PfActions,
  RotationRequest,
  TimestampClass,
  TokenRequest,
  TokenView,
  UsageReport,
} from '@gpup/pf/actions';
import { Refusal } from '@gpup/pf/refusal';
import { MemoryTokens } from './memory-tokens.ts';

const GIB = 2 ** 30;
const VRAM_TOTAL_BYTES = 16 * GIB;
const START_MS = 1_700_000_000_000;
const SIZES: Readonly<Record<string, number>> = { '1/8': 1 / 8, '1/4': 1 / 4, '1/2': 1 / 2, '1': 1 };
/** The last bucket's lower bound is about a minute. */
const BUCKET_COUNT = 27;

/** What a partition is made of here; what depends on others is worked out when somebody looks. */
interface Definition {
  readonly name: string;
  readonly tenant: string | null;
  readonly adapter: string;
  readonly size: string | null;
  readonly vram: Capability;
  readonly compute: Capability;
  readonly contextsMax: number;
  readonly hostBytesMax: number;
  readonly baseline: PartitionRequest['baseline'];
  readonly escapes: readonly string[];
  readonly latencyClass: LatencyClass;
  readonly timestamps: TimestampClass;
  readonly createdMs: number;
  readonly state: PartitionState;
  readonly usage: PartitionUsage;
}

type Unnumbered<T> = T extends HostEvent ? Omit<T, 'sequence' | 'timeMs'> : never;

/** A host that is nothing but its figures: for tests of whatever speaks to a host. Time stands still between operations. */
export class MemoryActions implements PfActions {
  readonly #modes = new Map<string, AdapterMode>([
    ['software-0', 'partitioned'],
    ['software-1', 'partitioned'],
  ]);
  readonly #scheduling = new Map<string, AdapterScheduling>();
  readonly #partitions = new Map<string, Definition>();
  readonly #contexts = new Map<number, ContextView>();
  readonly #allocations: Allocation[] = [];
  readonly #listeners = new Set<Parameters<PfActions['subscribe']>[0]>();
  readonly memoryTokens = new MemoryTokens();
  /** What the audit log has. */
  readonly audit: AuditEntry[] = [];
  readonly #lines: string[] = [];
  #nextContext = 1;
  #sequence = 0;

  host(): HostView {
    return {
      version: '0.1.0',
      protocol: '1.2',
      featureLevel: '2.9',
      pid: process.pid,
      startedMs: START_MS,
      adoptedCount: 0,
      runtimeDirectory: '/run/gpup',
      stateDirectory: '/var/lib/gpup',
      isolation: { mode: 'prefer', measures: [{ measure: 'files', isInForce: true, detail: 'Landlock' }, { measure: 'memory-limit', isInForce: false, detail: 'no control groups' }] },
    };
  }

  adapters(): readonly AdapterView[] {
    return [...this.#modes.keys()].map((id) => this.#adapter(id));
  }

  async setAdapterMode(id: string, mode: AdapterMode): Promise<AdapterView> {
    const adapter = this.#adapter(id);
    if (adapter.partitionCount > 0 && mode !== adapter.mode) {
      throw new Refusal('adapter-has-partitions', `Adapter (${id}) has ${adapter.partitionCount} partitions; its mode changes without any.`, 'mode');
    }
    this.#modes.set(id, mode);
    this.emit({ type: 'adapter-changed', adapter: id });
    return this.#adapter(id);
  }

  async setAdapterScheduling(id: string, change: Partial<AdapterScheduling>): Promise<AdapterView> {
    const { scheduling } = this.#adapter(id);
    this.#scheduling.set(id, { ...scheduling, ...change });
    this.emit({ type: 'adapter-changed', adapter: id });
    return this.#adapter(id);
  }

  partitions(): readonly PartitionView[] {
    return [...this.#partitions.values()].map((definition) => this.#view(definition));
  }

  partition(name: string): PartitionView {
    return this.#view(this.#found(name));
  }

  async createPartition(request: PartitionRequest): Promise<PartitionView> {
    const { name, adapter = 'software-0' } = request;
    const { mode } = this.#adapter(adapter);
    if (this.#partitions.has(name)) throw new Refusal('partition-exists', `Partition (${name}) exists already.`, 'name');
    if (mode === 'dda') throw new Refusal('adapter-dda', `Adapter (${adapter}) is given away as a whole.`, 'adapter');
    if (request.encode !== undefined) throw new Refusal('encode-unsupported', 'No encoder enforces encode blocks.', 'encode');
    const part = shareOf(request.size);
    const definition: Definition = {
      name,
      tenant: request.tenant ?? null,
      adapter,
      size: request.size ?? null,
      vram: capability('vram', request.vram, VRAM_TOTAL_BYTES * part),
      compute: capability('compute', request.compute, part),
      contextsMax: request.contextsMax ?? 16,
      hostBytesMax: request.hostBytesMax ?? GIB,
      baseline: request.baseline ?? {},
      escapes: request.escapes ?? [],
      latencyClass: request.latencyClass ?? 'throughput',
      timestamps: request.timestamps ?? 'coarse',
      createdMs: START_MS,
      state: { kind: 'active' },
      usage: unused(),
    };
    this.#admit(definition);
    this.#partitions.set(name, definition);
    this.emit({ type: 'partition-created', partition: name });
    return this.#view(definition);
  }

  async changePartition(name: string, change: PartitionChange): Promise<PartitionView> {
    const before = this.#found(name);
    const { whenInUse: _whenInUse, vram, compute, ...rest } = change;
    const after: Definition = { ...before, ...rest, vram: changed('vram', before.vram, vram), compute: changed('compute', before.compute, compute) };
    this.#admit(after);
    const usedBytes = this.#usedBytes(name);
    if (after.vram.current < usedBytes) {
      throw new Refusal('vram-in-use', `Partition (${name}) uses ${usedBytes} bytes, more than it would have (${after.vram.current}).`, 'vram');
    }
    this.#partitions.set(name, after);
    this.emit({ type: 'partition-changed', partition: name });
    return this.#view(after);
  }

  async removePartition(name: string, { force }: { readonly force: boolean }): Promise<void> {
    this.#found(name);
    const contexts = this.#contextsOf(name);
    if (contexts.length > 0 && !force) {
      throw new Refusal('partition-in-use', `Partition (${name}) has ${contexts.length} contexts.`);
    }
    for (const { id } of contexts) await this.endContext(id);
    const tenant = this.tenantOf(name) ?? null;
    this.#partitions.delete(name);
    this.emit({ type: 'partition-removed', partition: name }, tenant);
  }

  async unblockPartition(name: string): Promise<PartitionView> {
    this.#setState(name, { kind: 'active' });
    this.emit({ type: 'partition-unblocked', partition: name });
    return this.partition(name);
  }

  async largestAllocations(name: string, { countMax }: { readonly countMax: number }): Promise<readonly Allocation[]> {
    this.#found(name);
    const ids = new Set(this.#contextsOf(name).map(({ id }) => id));
    return this.#allocations
      .filter(({ context }) => ids.has(context))
      .sort((a, b) => b.bytes - a.bytes)
      .slice(0, countMax);
  }

  contexts(): readonly ContextView[] {
    return [...this.#contexts.values()];
  }

  async endContext(id: number): Promise<void> {
    const context = this.#contexts.get(id);
    if (context === undefined) throw new Refusal('unknown-context', `Context (${id}) is not there.`);
    this.#contexts.delete(id);
    this.emit({ type: 'context-ended', partition: context.partition, context: id, code: 'ended', message: 'The operator ended it.' });
  }

  logLines({ countMax }: { readonly countMax: number }): readonly string[] {
    return this.#lines.slice(-countMax);
  }

  tokens(): readonly TokenView[] {
    return this.memoryTokens.list();
  }

  async createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.memoryTokens.create(request);
  }

  async rotateToken(id: string, rotation: RotationRequest): Promise<IssuedToken> {
    return this.memoryTokens.rotate(id, rotation);
  }

  async revokeToken(id: string): Promise<void> {
    this.memoryTokens.revoke(id);
  }

  usage(): UsageReport {
    const figures = (gpuTimeUs: number) => ({ gpuSeconds: gpuTimeUs / 1e6, vramByteHours: gpuTimeUs });
    const lives = [...this.#partitions.values()];
    const tenants = [...new Set(lives.map(({ tenant }) => tenant))];
    return {
      atMs: START_MS,
      sinceMs: START_MS,
      tenants: tenants.map((tenant) => ({ tenant, ...figures(lives.reduce((timeUs, life) => timeUs + (life.tenant === tenant ? life.usage.gpuTimeUs : 0), 0)) })),
      partitions: lives.map(({ tenant, name, adapter, usage }) => ({ tenant, partition: name, adapter, createdMs: START_MS, removedMs: null, ...figures(usage.gpuTimeUs) })),
    };
  }

  auditEntries({ countMax }: { readonly countMax: number }): readonly AuditEntry[] {
    return this.audit.slice(-countMax);
  }

  tenantOf(partition: string): string | null | undefined {
    return this.#partitions.get(partition)?.tenant;
  }

  partitionOf(context: number): string | undefined {
    return this.#contexts.get(context)?.partition;
  }

  subscribe(listener: Parameters<PfActions['subscribe']>[0]): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A guest comes: what the API cannot do. Returns the context's id. */
  openContext(partition: string, allocations: readonly Omit<Allocation, 'context'>[] = []): number {
    const id = this.#nextContext++;
    const vramBytes = allocations.reduce((sum, { bytes }) => sum + bytes, 0);
    const guestPid = 1000 + id;
    this.#contexts.set(id, {
      id,
      partition: this.#found(partition).name,
      guestPid,
      vfPid: 2000 + id,
      state: 'ready',
      openedMs: START_MS,
      vramBytes,
      hostBytes: 1 << 20,
      submitCount: 7,
      completedCount: 6,
      gpuTimeUs: 1500,
    });
    this.#allocations.push(...allocations.map((allocation) => ({ ...allocation, context: id })));
    this.emit({ type: 'context-opened', partition, context: id, guestPid });
    return id;
  }

  block(name: string, reason: string, cause: 'timeouts' | 'adapter' = 'timeouts'): void {
    this.#setState(name, { kind: 'blocked', cause, reason, sinceMs: START_MS });
    this.emit({ type: 'partition-blocked', partition: name, reason });
  }

  setUsage(name: string, usage: Partial<PartitionUsage>): void {
    const definition = this.#found(name);
    this.#partitions.set(name, { ...definition, usage: { ...definition.usage, ...usage } });
  }

  log(line: string): void {
    this.#lines.push(line);
  }

  emit(event: Unnumbered<HostEvent>, tenant = 'partition' in event ? (this.tenantOf(event.partition) ?? null) : null): void {
    const numbered = { sequence: ++this.#sequence, timeMs: START_MS, ...event } as HostEvent;
    for (const listener of this.#listeners) listener(numbered, tenant);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  #adapter(id: string): AdapterView {
    const mode = this.#modes.get(id);
    if (mode === undefined) throw new Refusal('unknown-adapter', `Adapter (${id}) is not there; there are: ${[...this.#modes.keys()].join(', ')}.`, 'adapter');
    const partitions = this.#partitionsOn(id);
    return {
      id,
      kind: 'software',
      name: 'SwiftShader Device',
      vendor: 'google',
      description: 'SwiftShader driver',
      mode,
      owner: null,
      scheduling: this.#scheduling.get(id) ?? { policy: 'best-effort', sliceMs: 10 },
      vram: { totalBytes: VRAM_TOTAL_BYTES, availableBytes: VRAM_TOTAL_BYTES - sum(partitions, 'vram') },
      compute: { total: 1, available: 1 - sum(partitions, 'compute') },
      partitionCount: partitions.length,
      partitionCountMax: 64,
      features: ['timestamp-query'],
      limits: { maxBufferSize: 2 ** 31 },
    };
  }

  #view({ usage, ...definition }: Definition): PartitionView {
    const vramBytes = this.#usedBytes(definition.name);
    return {
      ...definition,
      baseline: definition.baseline ?? {},
      contextCount: this.#contextsOf(definition.name).length,
      scheduling: {
        promisedShare: this.#scheduling.get(definition.adapter)?.policy === 'fixed-share' ? definition.compute.current : null,
        share: 0.5,
        heldUs: usage.gpuTimeUs,
        owedUs: 0,
        turnCount: 3,
        latencyClass: definition.latencyClass,
      },
      socketPath: `/run/gpup/partitions/${definition.name}.sock`,
      usage: { ...usage, vramBytes, vramPeakBytes: Math.max(usage.vramPeakBytes, vramBytes) },
    };
  }

  #admit(wanted: Definition): void {
    const others = this.#partitionsOn(wanted.adapter).filter(({ name }) => name !== wanted.name);
    const leftBytes = VRAM_TOTAL_BYTES - sum(others, 'vram');
    if (wanted.vram.current > leftBytes) {
      throw new Refusal('vram-exhausted', `Adapter (${wanted.adapter}) has ${leftBytes} bytes left, less than asked for (${wanted.vram.current}).`, 'vram');
    }
    const left = 1 - sum(others, 'compute');
    if (wanted.compute.current > left + 1e-9) {
      throw new Refusal('compute-exhausted', `Adapter (${wanted.adapter}) has ${left} of its time left, less than asked for (${wanted.compute.current}).`, 'compute');
    }
  }

  #setState(name: string, state: PartitionState): void {
    this.#partitions.set(name, { ...this.#found(name), state });
  }

  #found(name: string): Definition {
    const found = this.#partitions.get(name);
    if (found === undefined) throw new Refusal('unknown-partition', `Partition (${name}) is not there.`);
    return found;
  }

  #partitionsOn(adapter: string): readonly Definition[] {
    return [...this.#partitions.values()].filter((definition) => definition.adapter === adapter);
  }

  #contextsOf(partition: string): readonly ContextView[] {
    return [...this.#contexts.values()].filter((context) => context.partition === partition);
  }

  #usedBytes(partition: string): number {
    return this.#contextsOf(partition).reduce((bytes, context) => bytes + context.vramBytes, 0);
  }
}

function shareOf(size: string | undefined): number {
  const share = SIZES[size ?? '1/8'];
  if (share === undefined) throw new Refusal('unknown-size', `Size (${size}) is none of ${Object.keys(SIZES).join(', ')}.`, 'size');
  return share;
}

function capability(field: string, request: CapabilityRequest = {}, standard: number): Capability {
  const optimal = request.optimal ?? request.max ?? request.min ?? standard;
  return ordered(field, { min: request.min ?? optimal, max: request.max ?? optimal, optimal, current: optimal });
}

function changed(field: string, before: Capability, request: CapabilityRequest = {}): Capability {
  const after = { ...before, ...request };
  return ordered(field, { ...after, current: after.optimal });
}

function ordered(field: string, wanted: Capability): Capability {
  const { min, max, optimal } = wanted;
  if (min <= optimal && optimal <= max) return wanted;
  throw new Refusal('capability-order', `${field} has min (${min}), optimal (${optimal}), max (${max}), which do not rise.`, field);
}

function sum(partitions: readonly Definition[], quantity: 'vram' | 'compute'): number {
  return partitions.reduce((total, definition) => total + definition[quantity].current, 0);
}

function unused(): PartitionUsage {
  const none = new Array<number>(BUCKET_COUNT).fill(0);
  return {
    vramBytes: 0,
    vramPeakBytes: 0,
    hostBytes: 0,
    gpuTimeUs: 0,
    submitCount: 0,
    completedCount: 0,
    faultCount: 0,
    tdrCount: 0,
    queueWaitUs: none,
    submitLatencyUs: none,
  };
}
