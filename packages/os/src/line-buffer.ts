/**
 * Cuts bytes from a peer into lines. Never holds more than one line of the greatest length; what is
 * longer is not a line, and nothing after it is read.
 */
export class LineBuffer {
  readonly #lineBytesMax: number;
  #pending: Buffer = Buffer.alloc(0);

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The next whole line without its newline; null: not here yet; 'too-long': the peer is at fault. */
  next(): { readonly line: string } | null | 'too-long' {
    const end = this.#pending.indexOf(0x0a);
    if (end >= this.#lineBytesMax || (end === -1 && this.#pending.length >= this.#lineBytesMax)) return 'too-long';
    if (end === -1) return null;
    const line = this.#pending.toString('utf8', 0, end);
    this.#pending = this.#pending.subarray(end + 1);
    return { line };
  }

  /** Takes a chunk of what the peer sent. Take the lines out before the next one. */
  push(chunk: Buffer): void {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
  }

  /** Bytes that have come after the last line taken out. */
  get pendingBytes(): number {
    return this.#pending.length;
  }
}
