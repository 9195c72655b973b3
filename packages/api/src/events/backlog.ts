/** The newest events, so that a listener that comes back misses nothing. Bounded in their count and in their bytes. */
export interface BacklogLimits {
  readonly backlogEventsMax: number;
  readonly backlogBytesMax: number;
}

interface Entry {
  readonly sequence: number;
  readonly frame: string;
}

export class Backlog {
  readonly #limits: BacklogLimits;
  readonly #entries: Entry[] = [];
  #bytes = 0;
  #newestSequence = 0;

  constructor(limits: BacklogLimits) {
    this.#limits = limits;
  }

  get newestSequence(): number {
    return this.#newestSequence;
  }

  /** Of what is kept; 0 if nothing is. */
  get oldestSequence(): number {
    return this.#entries[0]?.sequence ?? 0;
  }

  push(sequence: number, frame: string): void {
    this.#newestSequence = sequence;
    this.#entries.push({ sequence, frame });
    this.#bytes += Buffer.byteLength(frame);
    while (this.#entries.length > this.#limits.backlogEventsMax || this.#bytes > this.#limits.backlogBytesMax) {
      this.#bytes -= Buffer.byteLength((this.#entries.shift() as Entry).frame);
    }
  }

  /** What came after an event that the listener has; `missed` if that is not all of it, or if there has been no such event. */
  after(sequence: number): { readonly missed: boolean; readonly frames: readonly string[] } {
    const isAhead = sequence > this.#newestSequence;
    const kept = isAhead ? this.#entries : this.#entries.filter((entry) => entry.sequence > sequence);
    const missed = isAhead || kept.length < this.#newestSequence - sequence;
    return { missed, frames: kept.map(({ frame }) => frame) };
  }
}
