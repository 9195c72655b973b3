import type { HostEvent, PfActions } from '@gpup/pf/actions';
import type { TableEvent } from '@gpup/pf/partitions';

type EventListener = Parameters<PfActions['subscribe']>[0];
/** Whose a partition is; undefined: there is none. */
type TenantOf = (partition: string) => string | null | undefined;

/** What happens on this host, numbered in the order in which it happened. */
export class EventSource {
  readonly #nowMs: () => number;
  readonly #tenantOf: TenantOf;
  readonly #listeners = new Set<EventListener>();
  #sequence = 0;

  constructor(nowMs: () => number, tenantOf: TenantOf) {
    this.#nowMs = nowMs;
    this.#tenantOf = tenantOf;
  }

  /** `tenant`: whose partition it is about, where that cannot be looked up any more. */
  tell(event: TableEvent, tenant: string | null = this.tenantOf(event)): void {
    const numbered = { ...event, sequence: ++this.#sequence, timeMs: this.#nowMs() } as HostEvent;
    for (const listener of this.#listeners) listener(numbered, tenant);
  }

  /** Null of what is nobody's, or about no partition. */
  tenantOf(event: TableEvent): string | null {
    return 'partition' in event ? (this.#tenantOf(event.partition) ?? null) : null;
  }

  subscribe(listener: EventListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
