/**
 * What a command encoder and its passes write: one stream of commands in call order, and the objects
 * that it names, which must not be released before the packet that carries it.
 *
 * Recorders are used again, so whoever has given one back must not touch it: `current` then names
 * somebody else, or nobody.
 */
import { WIRE_LIMITS, Writer } from '@gpup/wire';
import type * as T from './generated/types.gen.ts';
import type { HostObject } from './objects/host-object.ts';
import * as encode from '@gpup/wire/encode';

const spare: Recorder[] = [];
const SPARE_COUNT_MAX = 16;
/** A recorder that grew beyond this is not kept: one giant pass must not hold memory for ever. */
const SPARE_WORDS_MAX = 1 << 18;

/** What else the packet of finish() may hold: two descriptors, each little more than a label. */
const FINISH_WORDS_MAX = (2 * WIRE_LIMITS.labelBytesMax) / 4 + 1024;

/** A render pass that has ended: where its commands are, without those that begin and end it. */
export interface RecordedBody {
  readonly descriptor: T.GPURenderPassDescriptor;
  readonly begin: number;
  readonly end: number;
}

let stamps = 0;

export class Recorder extends Writer {
  /** The encoder or pass that may write now; null when none may. */
  current: object | null = null;
  /** Unique among recordings: objects note it so that each is listed once. */
  stamp = 0;
  readonly #objects: HostObject[] = [];
  /** In call order. */
  readonly bodies: RecordedBody[] = [];
  #bodyDescriptor: T.GPURenderPassDescriptor | null = null;
  #bodyBegin = 0;
  #failed = false;

  /** An empty recorder, which belongs to the caller until `retire`. */
  static open(): Recorder {
    const recorder = spare.pop() ?? new Recorder(512);
    recorder.stringBytesMax = WIRE_LIMITS.labelBytesMax;
    recorder.stamp = ++stamps;
    recorder.#failed = false;
    return recorder;
  }

  /** One that says nothing but that its encoder is invalid. */
  static failed(message: string): Recorder {
    const recorder = Recorder.open();
    recorder.fail(message);
    return recorder;
  }

  get isFailed(): boolean {
    return this.#failed;
  }

  /** Keeps `object` alive until the recorded commands have been sent. */
  use(object: HostObject): void {
    if (object.recorderStamp !== this.stamp) this.note(object);
  }

  /** The rest of `use`, for callers that have compared the stamps themselves. */
  note(object: HostObject): void {
    object.recorderStamp = this.stamp;
    this.#objects.push(object);
  }

  /** What is recorded next is inside of a render pass. */
  beginBody(descriptor: T.GPURenderPassDescriptor): void {
    this.#bodyDescriptor = descriptor;
    this.#bodyBegin = this.length;
  }

  endBody(): void {
    if (this.#bodyDescriptor !== null) this.bodies.push({ descriptor: this.#bodyDescriptor, begin: this.#bodyBegin, end: this.length });
    this.#bodyDescriptor = null;
  }

  /** Makes the encoder invalid: finish() will report `message`. Nothing more needs recording. */
  fail(message: string): void {
    if (this.#failed) return;
    this.#failed = true;
    this.bodies.length = 0;
    encode.recordEncoderFail(this, message);
    this.current = null;
  }

  /** What is recorded must fit into one packet of the link: an encoder with more is invalid. */
  limit(packetWordsMax: number): void {
    const wordsMax = packetWordsMax - FINISH_WORDS_MAX;
    if (this.length <= wordsMax) return;
    const message = `The recorded commands need ${this.length * 4} bytes, the limit is ${wordsMax * 4}.`;
    this.reset();
    this.bodies.length = 0;
    encode.recordEncoderFail(this, message);
  }

  /** Gives the memory back. */
  retire(): void {
    this.current = null;
    clear(this.#objects);
    clear(this.bodies);
    this.#bodyDescriptor = null;
    this.reset();
    if (spare.length < SPARE_COUNT_MAX && this.words.length <= SPARE_WORDS_MAX) spare.push(this);
  }
}

/** Setting a length is a call into V8 itself, which a frame that names a few objects would feel. */
function clear(list: unknown[]): void {
  while (list.length > 0) list.pop();
}
