import type { AuditEntry, Change } from '@gpup/pf/access';
import { type AuditLine, begunEntry } from './audit-lines.ts';

/** The newest entries, for those who ask: bounded by their number, and by the bytes of what was asked for. */
export class AuditTail {
  readonly #limits: { readonly entriesMax: number; readonly bytesMax: number };
  /** By age. */
  readonly #entries = new Map<number, AuditEntry>();
  #bytes = 0;

  constructor(limits: { readonly entriesMax: number; readonly bytesMax: number }) {
    this.#limits = limits;
  }

  take(line: AuditLine): void {
    if (line.kind === 'begun') this.begin(line.id, line.timeMs, line.change);
    else this.end(line.id, line.timeMs, line.outcome);
  }

  begin(id: number, timeMs: number, change: Change): void {
    this.#entries.set(id, begunEntry(id, timeMs, change));
    this.#bytes += change.asked.length;
    for (const [oldId, { asked }] of this.#entries) {
      if (this.#entries.size <= this.#limits.entriesMax && this.#bytes <= this.#limits.bytesMax) break;
      this.#entries.delete(oldId);
      this.#bytes -= asked.length;
    }
  }

  /** Of one that is not kept any more nothing is told. */
  end(id: number, endedMs: number, outcome: string): void {
    const entry = this.#entries.get(id);
    if (entry !== undefined) this.#entries.set(id, { ...entry, outcome, endedMs });
  }

  /** Of the host before: what it has not told nobody knows. */
  settle(): void {
    for (const [id, entry] of this.#entries) if (entry.outcome === 'pending') this.#entries.set(id, { ...entry, outcome: 'unknown' });
  }

  newest(countMax: number): readonly AuditEntry[] {
    return countMax <= 0 ? [] : [...this.#entries.values()].slice(-countMax);
  }
}
