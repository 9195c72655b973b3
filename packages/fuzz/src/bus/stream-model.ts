/** Packets cut out of a stream the plain way: everything is kept, nothing is moved. */
export class StreamModel {
  readonly #packetWordsMax: number;
  #words: number[] = [];
  /** Whole packets that are there and not delivered yet. */
  readonly due: number[][] = [];
  /** The fault that must follow once the due packets are delivered, or null. */
  fault: string | null = null;

  constructor(packetWordsMax: number) {
    this.#packetWordsMax = packetWordsMax;
  }

  add(words: ArrayLike<number>): void {
    for (let i = 0; i < words.length; i++) this.#words.push(words[i] as number);
    while (this.fault === null && this.#words.length >= 2) {
      const length = this.#words[1] as number;
      if (length < 2 || length > this.#packetWordsMax) this.fault = 'packet-length';
      else if (this.#words.length < length) return;
      else this.due.push(this.#words.splice(0, length));
    }
  }

  /** Null, or in what the packet differs from the one that is due. */
  delivered(packet: Uint32Array): string | null {
    const due = this.due.shift();
    if (due === undefined) return `A packet of ${packet.length} words is delivered that was not sent.`;
    if (due.length !== packet.length) return `A packet of ${packet.length} words is delivered, ${due.length} were sent.`;
    for (let i = 0; i < due.length; i++) if (due[i] !== packet[i]) return `Word ${i} of a packet is ${packet[i]}, ${due[i]} was sent.`;
    return null;
  }
}
