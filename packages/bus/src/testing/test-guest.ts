import { equal } from 'node:assert/strict';
import type { CloseReason, GuestLink } from '../link.ts';
import { ASK, WordHash } from './test-protocol.ts';

/** Asks a test's host, and keeps count of what it should have received. */
export class TestGuest {
  readonly link: GuestLink;
  readonly closed: Promise<CloseReason>;
  /** Every reply that nobody waits for. */
  readonly replies: Uint32Array[] = [];
  readonly #hash = new WordHash();
  #sentCount = 0;
  #waiting: ((reply: Uint32Array) => void)[] = [];

  constructor(link: GuestLink) {
    this.link = link;
    link.onPacket = (words, begin, end) => {
      const reply = words.slice(begin, end);
      const waiting = this.#waiting.shift();
      if (waiting === undefined) {
        this.replies.push(reply);
        return;
      }
      waiting(reply);
      if (this.#waiting.length === 0) link.setWaiting(false);
    };
    this.closed = new Promise((resolve) => {
      link.onClose = resolve;
    });
  }

  send(opcode: number, ...rest: number[]): void {
    this.sendWords(Uint32Array.of(opcode, rest.length + 2, ...rest));
  }

  /** One or more whole packets. */
  sendWords(words: Uint32Array): void {
    for (let begin = 0; begin < words.length; begin += words[begin + 1] as number) this.#sentCount += 1;
    this.#hash.add(words, 0, words.length);
    this.link.send(words, 0, words.length);
  }

  /** The next reply; replies come in the order in which they were asked for. */
  nextReply(): Promise<Uint32Array> {
    const kept = this.replies.shift();
    if (kept !== undefined) return Promise.resolve(kept);
    this.link.setWaiting(true);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  ask(opcode: number, ...rest: number[]): Promise<Uint32Array> {
    const reply = this.nextReply();
    this.send(opcode, ...rest);
    return reply;
  }

  /** Everything sent so far has arrived, in order and unchanged. */
  async checkArrived(): Promise<void> {
    const [, , packetCount, hash] = await this.ask(ASK.report);
    equal(packetCount, this.#sentCount);
    equal(hash, this.#hash.value);
  }
}
