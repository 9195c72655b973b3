/**
 * What a command encoder and its passes write: one stream of commands in call order, and the objects
 * that it names, which must not be released before the packet that carries it.
 */
import { WIRE_LIMITS, Writer } from '@gpup/wire';
import type { HostObject } from './objects/host-object.ts';
import * as encode from '@gpup/wire/encode';

const spare: Writer[] = [];
const SPARE_COUNT_MAX = 16;
/** A writer that grew beyond this is not kept: one giant pass must not hold memory for ever. */
const SPARE_WORDS_MAX = 1 << 18;

/** What else the packet of finish() may hold: two descriptors, each little more than a label. */
const FINISH_WORDS_MAX = (2 * WIRE_LIMITS.labelBytesMax) / 4 + 1024;

function newWriter(): Writer {
  const writer = new Writer(512);
  writer.stringBytesMax = WIRE_LIMITS.labelBytesMax;
  return writer;
}

let stamps = 0;

export class Recorder {
  readonly words: Writer = spare.pop() ?? newWriter();
  /** Unique among recorders: objects note it so that each is listed once. */
  readonly stamp = ++stamps;
  readonly #objects: HostObject[] = [];
  /** The encoder or pass that may write now; null when none may. */
  current: object | null;
  #failed = false;

  constructor(owner: object | null = null) {
    this.current = owner;
  }

  get isFailed(): boolean {
    return this.#failed;
  }

  /** Keeps `object` alive until the recorded commands have been sent. */
  use(object: HostObject): void {
    if (object.recorderStamp === this.stamp) return;
    object.recorderStamp = this.stamp;
    this.#objects.push(object);
  }

  /** Makes the encoder invalid: finish() will report `message`. Nothing more needs recording. */
  fail(message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    encode.recordEncoderFail(this.words, message);
    this.current = null;
  }

  /** What is recorded must fit into one packet of the link: an encoder with more is invalid. */
  limit(packetWordsMax: number): void {
    const wordsMax = packetWordsMax - FINISH_WORDS_MAX;
    if (this.words.length <= wordsMax) return;
    const message = `The recorded commands need ${this.words.length * 4} bytes, the limit is ${wordsMax * 4}.`;
    this.words.reset();
    encode.recordEncoderFail(this.words, message);
  }

  /** Gives the memory back. The recorder must not be written any more. */
  retire(): void {
    this.current = null;
    this.#objects.length = 0;
    const { words } = this;
    words.reset();
    if (spare.length < SPARE_COUNT_MAX && words.words.length <= SPARE_WORDS_MAX) spare.push(words);
  }
}
