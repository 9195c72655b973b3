import type { HostAccess } from '@gpup/pf/access';
import type { Allocation, ContextView, HostEvent, PartitionView, PfActions, UsageReport } from '@gpup/pf/actions';
import { Ownership } from './ownership.ts';
import { operatorOnly } from './roles.ts';

/**
 * The host as a tenant finds it: one that has its own partitions and no others. What a tenant may not do is refused here
 * as well, whatever the table of roles says: a route that forgets to ask lets nobody in.
 */
export class TenantActions implements PfActions {
  readonly #host: PfActions;
  readonly #tenant: string;
  readonly #own: Ownership;

  constructor(host: PfActions, access: HostAccess, tenant: string) {
    this.#host = host;
    this.#tenant = tenant;
    this.#own = new Ownership(access, tenant);
  }

  partitions(): readonly PartitionView[] {
    return this.#host.partitions().filter(({ tenant }) => tenant === this.#tenant).map(discreet);
  }

  partition(name: string): PartitionView {
    this.#own.admitPartition(name);
    return discreet(this.#host.partition(name));
  }

  async largestAllocations(name: string, options: { readonly countMax: number }): Promise<readonly Allocation[]> {
    this.#own.admitPartition(name);
    return this.#host.largestAllocations(name, options);
  }

  /** Without the VF's process: the system numbers processes in their order, others' included. */
  contexts(): readonly ContextView[] {
    return this.#host.contexts().filter(({ partition }) => this.#own.has(partition)).map((context) => ({ ...context, vfPid: 0 }));
  }

  async endContext(id: number): Promise<void> {
    this.#own.admitContext(id);
    return this.#host.endContext(id);
  }

  usage(): UsageReport {
    const { tenants, partitions, ...times } = this.#host.usage();
    const isOwn = ({ tenant }: { readonly tenant: string | null }): boolean => tenant === this.#tenant;
    return { ...times, tenants: tenants.filter(isOwn), partitions: partitions.filter(isOwn) };
  }

  /** Numbered by themselves: gaps would tell how much happens to others. */
  subscribe(listener: (event: HostEvent, tenant: string | null) => void): () => void {
    let sequence = 0;
    return this.#host.subscribe((event, tenant) => {
      if (tenant === this.#tenant) listener({ ...event, sequence: ++sequence }, tenant);
    });
  }

  host(): never {
    throw operatorOnly('host');
  }

  adapters(): never {
    throw operatorOnly('adapters');
  }

  async setAdapterMode(): Promise<never> {
    throw operatorOnly('setAdapterMode');
  }

  async setAdapterScheduling(): Promise<never> {
    throw operatorOnly('setAdapterScheduling');
  }

  async createPartition(): Promise<never> {
    throw operatorOnly('createPartition');
  }

  async changePartition(name: string): Promise<never> {
    this.#own.admitPartition(name);
    throw operatorOnly('changePartition');
  }

  async removePartition(name: string): Promise<never> {
    this.#own.admitPartition(name);
    throw operatorOnly('removePartition');
  }

  async unblockPartition(name: string): Promise<never> {
    this.#own.admitPartition(name);
    throw operatorOnly('unblockPartition');
  }

  logLines(): never {
    throw operatorOnly('logLines');
  }

  tokens(): never {
    throw operatorOnly('tokens');
  }

  async createToken(): Promise<never> {
    throw operatorOnly('createToken');
  }

  async rotateToken(): Promise<never> {
    throw operatorOnly('rotateToken');
  }

  async revokeToken(): Promise<never> {
    throw operatorOnly('revokeToken');
  }

  auditEntries(): never {
    throw operatorOnly('auditEntries');
  }
}

/** Why an adapter has no place for a partition tells what others have of it, and who owns it whole. */
function discreet(partition: PartitionView): PartitionView {
  const { state } = partition;
  if (state.kind !== 'blocked' || state.cause === 'timeouts') return partition;
  return { ...partition, state: { ...state, reason: 'Its adapter has no place for it at present; the operators of the host know why.' } };
}
