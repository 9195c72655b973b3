import type { HostAccess } from '@gpup/pf/access';
import { Refusal } from '@gpup/pf/refusal';

/**
 * What is a tenant's. Another's partition is refused in the very words, and by the very look-up, of one that does not
 * exist: there is one place for both, so that neither can be told from the other.
 */
export class Ownership {
  readonly #access: HostAccess;
  readonly #tenant: string;

  constructor(access: HostAccess, tenant: string) {
    this.#access = access;
    this.#tenant = tenant;
  }

  has(partition: string): boolean {
    return this.#access.tenantOfPartition(partition) === this.#tenant;
  }

  admitPartition(name: string): void {
    if (!this.has(name)) throw new Refusal('unknown-partition', `There is no partition "${name}".`);
  }

  admitContext(id: number): void {
    if (!this.has(this.#access.partitionOfContext(id) ?? NONE)) throw new Refusal('unknown-context', `There is no context ${id}.`);
  }
}

/** The name of no partition: an adapter that one guest owns whole has it. */
const NONE = '';
