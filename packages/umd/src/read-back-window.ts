import type { GuestLink } from '@gpup/bus';
import { INLINE } from '@gpup/wire';

/** Bytes of a mapping that travel in one piece through the heap, and inside of a reply. */
const HEAP_PIECE_BYTES = 1 << 20;
const INLINE_PIECE_BYTES = 1 << 20;
/** On their way at a time: enough to keep both ends busy, and uploads keep half of the heap. */
const HEAP_BYTES_MAX = 32 << 20;
/** A host ends a guest for which more than four times as much of replies waits. */
const INLINE_BYTES_MAX = 16 << 20;

/** Where `length` bytes of a mapping are to arrive: at an offset of the heap, or inside of the reply. */
export interface Place {
  readonly into: number;
  readonly length: number;
}

/** How much mapped content may be on its way to the guest. Whoever finds no room is called when there is some again. */
export class ReadBackWindow {
  readonly #link: Pick<GuestLink, 'heap'>;
  readonly #waiting: (() => boolean)[] = [];
  #heapBytes = 0;
  #inlineBytes = 0;
  #isServing = false;

  constructor(link: Pick<GuestLink, 'heap'>) {
    this.#link = link;
  }

  /** A place for the first of `byteLength` bytes, or null. There is always one if nothing is on its way. */
  take(byteLength: number): Place | null {
    const { heap } = this.#link;
    if (heap !== null && byteLength > 0) {
      const length = Math.min(HEAP_PIECE_BYTES, byteLength);
      if (this.#heapBytes + length > HEAP_BYTES_MAX) return null;
      const into = heap.reserve(length);
      if (into >= 0) {
        this.#heapBytes += length;
        return { into, length };
      }
    }
    const length = Math.min(INLINE_PIECE_BYTES, byteLength);
    if (this.#inlineBytes + length > INLINE_BYTES_MAX) return null;
    this.#inlineBytes += length;
    return { into: INLINE, length };
  }

  /** The bytes have arrived, or never will. */
  give({ into, length }: Place): void {
    if (into === INLINE) {
      this.#inlineBytes -= length;
    } else {
      this.#heapBytes -= length;
      this.#link.heap?.release(into);
    }
    this.#serve();
  }

  /** Calls `goOn` now and whenever there is room again, until it says that it needs no more. In the order of these calls. */
  whenRoom(goOn: () => boolean): void {
    this.#waiting.push(goOn);
    this.#serve();
  }

  #serve(): void {
    // What is called may give back at once, on a context that is lost.
    if (this.#isServing) return;
    this.#isServing = true;
    while (this.#waiting.length > 0 && (this.#waiting[0] as () => boolean)()) this.#waiting.shift();
    this.#isServing = false;
  }
}
