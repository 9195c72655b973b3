import { GuestFault } from '@gpup/base';
import { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import type { Known, ObjectState, ObjectTable } from './object-table.ts';

/** One step of rebuilding: a packet to execute, in order. */
export interface JournalEntry {
  readonly sequence: number;
  readonly packet: Uint32Array;
}

/** What no packet says: states that came about by events, and labels that were changed later. */
export interface JournalState {
  readonly sequence: number;
  readonly handle: number;
  readonly state: ObjectState;
  readonly label: string;
}

export interface JournalSnapshot {
  /** In dependency order: a packet names only what packets before it create. */
  readonly entries: readonly JournalEntry[];
  /** In the order of creation, one for each object. */
  readonly states: readonly JournalState[];
}

/**
 * For each live object the packet that created it, so that a VF can be built again elsewhere.
 *
 * The packets are kept in the table's records; the journal numbers them, keeps their account, and
 * writes them out. Because a packet names only objects that existed when it came, the order of
 * creation is an order of dependency. A handle that was released while others still use its object
 * is released at the same point of the playback, so that its slot is free when it is used again.
 */
export class Journal {
  readonly #bytesMax: number;
  #bytes = 0;
  #sequence = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a copy of words[begin, end) as the packet that creates `known`. */
  created(known: Known, words: Uint32Array, begin: number, end: number): void {
    known.sequence = ++this.#sequence;
    const packet = words.slice(begin, end);
    this.#bytes += packet.byteLength;
    if (this.#bytes > this.#bytesMax) {
      throw new GuestFault('journal-size', `The packets behind the live objects have ${this.#bytes} bytes, the limit is ${this.#bytesMax}.`);
    }
    known.packet = packet;
  }

  /** The same packet created `known` too: a device's queue comes with it. */
  createdAlong(known: Known): void {
    known.sequence = this.#sequence;
  }

  released(known: Known): void {
    known.releaseSequence = ++this.#sequence;
  }

  freed(known: Known): void {
    this.#bytes -= known.packet?.byteLength ?? 0;
    known.packet = null;
  }

  snapshot(table: ObjectTable): JournalSnapshot {
    const entries: JournalEntry[] = [];
    const states: JournalState[] = [];
    for (const known of table.all()) {
      const { sequence, packet, releaseSequence, handle, state, label } = known;
      if (packet !== null) entries.push({ sequence, packet });
      if (releaseSequence !== 0) entries.push({ sequence: releaseSequence, packet: releasePacket(handle) });
      states.push({ sequence, handle, state, label });
    }
    entries.sort((a, b) => a.sequence - b.sequence);
    states.sort((a, b) => a.sequence - b.sequence);
    return { entries, states };
  }
}

function releasePacket(handle: number): Uint32Array {
  const writer = new Writer(8);
  encode.encodeContextRelease(writer, [handle]);
  return writer.words.slice(0, writer.length);
}
