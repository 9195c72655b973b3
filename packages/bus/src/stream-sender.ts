import type { ByteDuplex } from './byte-duplex.ts';
import { WordQueue } from './word-queue.ts';

/** Puts words onto a byte stream and keeps what does not fit for when there is room again. */
export class StreamSender {
  readonly #duplex: ByteDuplex;
  readonly #queueBytesMax: number;
  readonly #queue = new WordQueue();
  /** Bytes of the first queued word that have gone already. */
  #sentBytesOfFirst = 0;

  constructor(options: { readonly duplex: ByteDuplex; readonly queueBytesMax: number }) {
    this.#duplex = options.duplex;
    this.#queueBytesMax = options.queueBytesMax;
  }

  get queuedBytes(): number {
    return this.#queue.wordCount * 4;
  }

  /** A single send may be larger than the limit, but only when nothing waits before it. */
  hasRoomFor(wordCount: number): boolean {
    return this.#queue.wordCount === 0 || (this.#queue.wordCount + wordCount) * 4 <= this.#queueBytesMax;
  }

  send(words: Uint32Array, begin: number, end: number): void {
    if (this.#queue.wordCount > 0) {
      this.#queue.push(words, begin, end);
      return;
    }
    const takenBytes = this.#duplex.write(bytesOf(words, begin, end));
    const takenWords = takenBytes >>> 2;
    if (takenWords === end - begin) return;
    this.#queue.push(words, begin + takenWords, end);
    this.#sentBytesOfFirst = takenBytes & 3;
  }

  /** Moves what waits onto the stream, as far as there is room. */
  flush(): void {
    for (let chunk = this.#queue.first(); chunk !== null; chunk = this.#queue.first()) {
      const bytes = bytesOf(chunk.words, chunk.begin, chunk.end).subarray(this.#sentBytesOfFirst);
      const takenBytes = this.#duplex.write(bytes);
      const sentBytes = this.#sentBytesOfFirst + takenBytes;
      this.#queue.drop(sentBytes >>> 2);
      this.#sentBytesOfFirst = sentBytes & 3;
      if (takenBytes < bytes.length) return;
    }
  }
}

function bytesOf(words: Uint32Array, begin: number, end: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + begin * 4, (end - begin) * 4);
}
