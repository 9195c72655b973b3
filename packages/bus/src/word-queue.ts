import { assert } from '@gpup/base';
import { copyWords } from './copy-words.ts';

const CHUNK_WORDS_MIN = 16 * 1024;

interface Chunk {
  readonly words: Uint32Array;
  begin: number;
  end: number;
}

/** Words that wait for room in a ring or a socket. Whoever fills it keeps its length within a limit. */
export class WordQueue {
  #chunks: Chunk[] = [];
  #wordCount = 0;

  get wordCount(): number {
    return this.#wordCount;
  }

  push(words: Uint32Array, begin: number, end: number): void {
    let at = begin;
    const last = this.#chunks.at(-1);
    if (last !== undefined) {
      const fits = Math.min(end - at, last.words.length - last.end);
      copyWords(words, at, last.words, last.end, fits);
      last.end += fits;
      at += fits;
    }
    if (at < end) {
      const chunk = { words: new Uint32Array(Math.max(CHUNK_WORDS_MIN, end - at)), begin: 0, end: end - at };
      copyWords(words, at, chunk.words, 0, end - at);
      this.#chunks.push(chunk);
    }
    this.#wordCount += end - begin;
  }

  /** The oldest words that lie in one piece, or null if there are none. Read, then `drop` what was used. */
  first(): Readonly<Chunk> | null {
    return this.#chunks[0] ?? null;
  }

  /** Drops words from the first chunk. */
  drop(wordCount: number): void {
    const chunk = this.#chunks[0];
    assert(chunk !== undefined && wordCount <= chunk.end - chunk.begin);
    chunk.begin += wordCount;
    this.#wordCount -= wordCount;
    if (chunk.begin === chunk.end) this.#chunks.shift();
  }

  clear(): void {
    this.#chunks = [];
    this.#wordCount = 0;
  }
}
