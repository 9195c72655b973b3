/**
 * What can be asked of a host: the contract between the physical function and its interfaces (REST, and by it the
 * CLI, the console and programs). All of it is plain data. An operation that is not done throws a `Refusal`.
 */
import type { IsolationMode, MeasureState } from '@gpup/sandbox/measures';
import type { AuditEntry, IssuedToken, RotationRequest, TokenRequest, TokenView, UsageReport } from './access.ts';

export type {
  AuditEntry,
  IssuedToken,
  MeteredFigures,
  MeteredPartition,
  MeteredTenant,
  OlderSecret,
  Role,
  RotationRequest,
  TokenRequest,
  TokenView,
  UsageReport,
} from './access.ts';

/** `partitioned`: guests share it by partitions. `dda`: one guest owns it whole, with no quota and no scheduler in its way. */
export type AdapterMode = 'partitioned' | 'dda';

/**
 * How partitions share an adapter's time. `best-effort`: nobody waits, the adapter's driver shares. `equal-share`: each
 * partition that has a guest gets as much as each other one. `fixed-share`: each has its `compute.current`, whether others run
 * or not. Unused time is given away under best-effort only.
 */
export type SchedulingPolicy = 'best-effort' | 'equal-share' | 'fixed-share';

export interface AdapterScheduling {
  readonly policy: SchedulingPolicy;
  /** How long a turn lasts, where there are turns. */
  readonly sliceMs: number;
}

/** `interactive`: somebody waits for each result, so its turns are given out of order, within its share. */
export type LatencyClass = 'interactive' | 'throughput';

export interface AdapterView {
  /** `hardware-0`, `software-0`, … */
  readonly id: string;
  readonly kind: 'hardware' | 'software';
  readonly name: string;
  readonly vendor: string;
  readonly description: string;
  readonly mode: AdapterMode;
  /** The guest that owns it whole, while there is one. */
  readonly owner: string | null;
  readonly scheduling: AdapterScheduling;
  readonly vram: { readonly totalBytes: number; readonly availableBytes: number };
  /** Parts of the adapter's time, of 1. */
  readonly compute: { readonly total: number; readonly available: number };
  readonly partitionCount: number;
  readonly partitionCountMax: number;
  readonly features: readonly string[];
  readonly limits: Readonly<Record<string, number>>;
}

/**
 * How finely a partition's guests may read the GPU's clock, by timestamp queries: not at all, as browsers allow it
 * (multiples of 65,536 ns), or as the adapter gives it. `fine` is for tenants who are trusted: it helps to tell what
 * others do on the adapter.
 */
export type TimestampClass = 'none' | 'coarse' | 'fine';

/** A quantity as GPU-P's profiles have it: never below min nor above max; `optimal` is what is aimed at. */
export interface Capability {
  readonly min: number;
  readonly max: number;
  readonly optimal: number;
  /** What the partition has now. */
  readonly current: number;
}
export type CapabilityRequest = Partial<Omit<Capability, 'current'>>;

export interface PartitionRequest {
  readonly name: string;
  /** Whose it is, for its whole life. Default: nobody's, which is the operators'. */
  readonly tenant?: string;
  /** Default: the host's first adapter. */
  readonly adapter?: string;
  /** `1/8` … `1`, or a cloud size (`NV6ads-A10-v5`, …): sets what is not given below. */
  readonly size?: string;
  /** Bytes. */
  readonly vram?: CapabilityRequest;
  /** Parts of the adapter's time, of 1. */
  readonly compute?: CapabilityRequest;
  /** Blocks of 540p60. Refused as unsupported until an encoder enforces them. */
  readonly encode?: CapabilityRequest;
  readonly contextsMax?: number;
  /** Bytes of the host's memory that its guests can cause: apertures, journals, replay caches, pending work. */
  readonly hostBytesMax?: number;
  /** What guests may see at most, so that the partition can move between unlike adapters. */
  readonly baseline?: Baseline;
  /** Names of the escapes that are open. Default: none. */
  readonly escapes?: readonly string[];
  /** Default: throughput. */
  readonly latencyClass?: LatencyClass;
  /** Default: coarse. */
  readonly timestamps?: TimestampClass;
}

export interface Baseline {
  readonly features?: readonly string[];
  readonly limits?: Readonly<Record<string, number>>;
}

/** What can be changed while guests run. */
export interface PartitionChange {
  readonly vram?: CapabilityRequest;
  readonly compute?: CapabilityRequest;
  readonly contextsMax?: number;
  readonly hostBytesMax?: number;
  readonly escapes?: readonly string[];
  readonly latencyClass?: LatencyClass;
  /** Of guests to come. Refused while there are some that would keep finer ones. */
  readonly timestamps?: TimestampClass;
  /** Where a budget would fall below what is in use: `refuse` (default), or `wait` until it is free; nothing more is given meanwhile. */
  readonly whenInUse?: 'refuse' | 'wait';
}

export type PartitionState =
  | { readonly kind: 'active' }
  /** A budget waits for guests to free what is above it. */
  | { readonly kind: 'shrinking'; readonly toBytes: number }
  /** Nobody gets a context until it is unblocked: there were too many timeouts, or its adapter is gone or too small by now. */
  | { readonly kind: 'blocked'; readonly cause: 'timeouts' | 'adapter'; readonly reason: string; readonly sinceMs: number };

/** Counts since the partition was made, but for `current` values. */
export interface PartitionUsage {
  readonly vramBytes: number;
  readonly vramPeakBytes: number;
  readonly hostBytes: number;
  readonly gpuTimeUs: number;
  readonly submitCount: number;
  readonly completedCount: number;
  readonly faultCount: number;
  readonly tdrCount: number;
  /** Bucket i counts what took less than 2^i us and no less than the bucket before; the last one all else. */
  readonly queueWaitUs: readonly number[];
  readonly submitLatencyUs: readonly number[];
}

/** How a partition gets on with its share of the adapter's time. */
export interface PartitionScheduling {
  /** The part of the adapter's time that it can count on, of 1; null where the policy promises nothing. */
  readonly promisedShare: number | null;
  /** The part that it held over the last second or so. */
  readonly share: number;
  /**
   * For how long it has held the adapter since the daemon started: from the grant of a turn until all of its work was
   * finished, by the host's clock. While nobody has turns, the time that its VFs say the GPU worked for it.
   */
  readonly heldUs: number;
  /** For how long it has held the adapter beyond its share: it has no turn before the others have had theirs of that time. */
  readonly owedUs: number;
  /** Turns in which it held the adapter since the daemon started. */
  readonly turnCount: number;
  /** What holds now: as the partition has it, or as its guests say by the escape `latency-class`, where that is open. */
  readonly latencyClass: LatencyClass;
}

export interface PartitionView {
  readonly name: string;
  readonly tenant: string | null;
  readonly adapter: string;
  readonly size: string | null;
  readonly state: PartitionState;
  readonly vram: Capability;
  readonly compute: Capability;
  readonly contextsMax: number;
  readonly contextCount: number;
  readonly hostBytesMax: number;
  readonly baseline: Baseline;
  readonly escapes: readonly string[];
  readonly latencyClass: LatencyClass;
  readonly scheduling: PartitionScheduling;
  readonly timestamps: TimestampClass;
  /** Where guests connect: who may open this socket may use the partition. */
  readonly socketPath: string;
  readonly createdMs: number;
  readonly usage: PartitionUsage;
}

export interface Allocation {
  readonly label: string;
  readonly kind: 'buffer' | 'texture' | 'query-set';
  readonly bytes: number;
  readonly context: number;
}

export interface ContextView {
  readonly id: number;
  readonly partition: string;
  /** As the guest says, for people: nothing is decided by it. */
  readonly guestPid: number;
  readonly vfPid: number;
  readonly state: 'opened' | 'attached' | 'ready';
  readonly openedMs: number;
  readonly vramBytes: number;
  readonly hostBytes: number;
  readonly submitCount: number;
  readonly completedCount: number;
  readonly gpuTimeUs: number;
}

export interface HostView {
  readonly version: string;
  readonly protocol: string;
  readonly featureLevel: string;
  readonly pid: number;
  readonly startedMs: number;
  /** VFs that this daemon took over from the one before. */
  readonly adoptedCount: number;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  readonly isolation: IsolationView;
}

/** What keeps a VF process that was taken over from the rest of the machine (docs/hardening.md). */
export interface IsolationView {
  /** `require`: the host runs with all of it or not at all. `prefer`: with what there is. `off`: nothing is isolated. */
  readonly mode: IsolationMode;
  readonly measures: readonly MeasureState[];
}

/** Numbered from 1 in the life of a daemon, so that a listener can tell what it has missed. */
export type HostEvent = { readonly sequence: number; readonly timeMs: number } & (
  | { readonly type: 'partition-created' | 'partition-changed' | 'partition-removed' | 'partition-unblocked'; readonly partition: string }
  | { readonly type: 'partition-blocked'; readonly partition: string; readonly reason: string }
  | { readonly type: 'adapter-changed'; readonly adapter: string }
  | { readonly type: 'context-opened' | 'context-adopted'; readonly partition: string; readonly context: number; readonly guestPid: number }
  | { readonly type: 'context-ended'; readonly partition: string; readonly context: number; readonly code: string; readonly message: string }
  | { readonly type: 'tdr'; readonly partition: string; readonly context: number; readonly code: string; readonly message: string }
);

export interface PfActions {
  host(): HostView;
  adapters(): readonly AdapterView[];
  setAdapterMode(id: string, mode: AdapterMode): Promise<AdapterView>;
  /** Takes effect at once, while guests run. What is not given stays. */
  setAdapterScheduling(id: string, change: Partial<AdapterScheduling>): Promise<AdapterView>;
  partitions(): readonly PartitionView[];
  partition(name: string): PartitionView;
  createPartition(request: PartitionRequest): Promise<PartitionView>;
  changePartition(name: string, change: PartitionChange): Promise<PartitionView>;
  /** Refused while it has contexts, unless forced: then they end. */
  removePartition(name: string, options: { readonly force: boolean }): Promise<void>;
  unblockPartition(name: string): Promise<PartitionView>;
  /** The largest ones first, over all contexts. */
  largestAllocations(name: string, options: { readonly countMax: number }): Promise<readonly Allocation[]>;
  contexts(): readonly ContextView[];
  endContext(id: number): Promise<void>;
  /** The newest lines of the host's log, the oldest first. */
  logLines(options: { readonly countMax: number }): readonly string[];
  tokens(): readonly TokenView[];
  createToken(request: TokenRequest): Promise<IssuedToken>;
  /** A new secret; those before are taken for a while yet. */
  rotateToken(id: string, rotation: RotationRequest): Promise<IssuedToken>;
  revokeToken(id: string): Promise<void>;
  /** What was used, by tenant and by partition. */
  usage(): UsageReport;
  /** The newest ones, the oldest first. */
  auditEntries(options: { readonly countMax: number }): readonly AuditEntry[];
  /** The listener is called with each event from now on, and with whose partition it is about, until the returned function is called. */
  subscribe(listener: (event: HostEvent, tenant: string | null) => void): () => void;
}
