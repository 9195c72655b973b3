import type { HostEvent } from '@gpup/pf/actions';
import type { TableEvent } from '@gpup/pf/partitions';

/** What happens on this host, numbered in the order in which it happened. */
export class EventSource {
  readonly #nowMs: () => number;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  #sequence = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  tell(event: TableEvent): void {
    const numbered = { ...event, sequence: ++this.#sequence, timeMs: this.#nowMs() } as HostEvent;
    for (const listener of this.#listeners) listener(numbered);
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
