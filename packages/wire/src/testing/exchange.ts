import { Reader } from '../reader.ts';
import { Writer } from '../writer.ts';

/** A reader of what `write` writes. The words are copied to an odd place first: nothing may depend on where a packet begins. */
export function readerOf(write: (w: Writer) => void, capacityWords = 1): Reader {
  const writer = new Writer(capacityWords);
  write(writer);
  return readerOfWords(writer.words.subarray(0, writer.length));
}

const BEFORE = 3;
const AFTER = 2;

export function readerOfWords(words: ArrayLike<number>): Reader {
  const buffer = new Uint32Array(BEFORE + words.length + AFTER).fill(0x5a5a5a5a);
  buffer.set(words, BEFORE);
  const reader = new Reader();
  reader.open(buffer, BEFORE, BEFORE + words.length);
  return reader;
}

/** What `read` makes of what `write` wrote; all of it must be used up. */
export function exchange<T>(write: (w: Writer) => void, read: (r: Reader) => T): T {
  const reader = readerOf(write);
  const value = read(reader);
  reader.close();
  return value;
}
