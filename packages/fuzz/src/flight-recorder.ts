import type { Case, StepLog } from './target.ts';

const LENGTH_WORD = 0;
const SESSION_WORD = 1;
const THREAD_WORD = 2;
const HEADER_BYTES = 12;
const TEXT_BYTES_MAX = 1 << 20;
const encoder = new TextEncoder();

/** Told of sessions as well as of their steps. */
export interface SessionRecorder extends StepLog {
  /** A session begins: what was before is forgotten. `target` names who can run it again. */
  session(target: string): void;
}

/**
 * The steps of the session that is running, in memory that another thread can read: what the fuzzer was
 * doing when a step never came back, or when the thread ended.
 */
export class FlightRecorder implements SessionRecorder {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory = new SharedArrayBuffer(HEADER_BYTES + TEXT_BYTES_MAX)) {
    this.memory = memory;
    this.#words = new Int32Array(memory, 0, HEADER_BYTES / 4);
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
  }

  /** What the operating system calls the thread that records; 0 before it has said so. */
  get threadId(): number {
    return Atomics.load(this.#words, THREAD_WORD);
  }

  set threadId(id: number) {
    Atomics.store(this.#words, THREAD_WORD, id);
  }

  session(target: string): void {
    Atomics.store(this.#words, LENGTH_WORD, 0);
    Atomics.add(this.#words, SESSION_WORD, 1);
    this.#append(target);
  }

  begin(options: unknown): void {
    this.#append(JSON.stringify(options));
  }

  step(step: string): void {
    this.#append(step);
  }

  #append(line: string): void {
    const at = this.#words[LENGTH_WORD] as number;
    const { written } = encoder.encodeInto(`${line}\n`, this.#bytes.subarray(at));
    Atomics.store(this.#words, LENGTH_WORD, at + written);
  }

  /** Differs whenever something has been recorded. */
  get progress(): number {
    return this.sessionCount * TEXT_BYTES_MAX + Atomics.load(this.#words, LENGTH_WORD);
  }

  get sessionCount(): number {
    return Atomics.load(this.#words, SESSION_WORD);
  }

  /** What ran last, and in which target. */
  last(): { readonly target: string; readonly kept: Case } | null {
    const length = Atomics.load(this.#words, LENGTH_WORD);
    const [target = '', options = '', ...steps] = new TextDecoder().decode(this.#bytes.slice(0, length)).split('\n').slice(0, -1);
    return options === '' ? null : { target, kept: { options: JSON.parse(options) as unknown, steps } };
  }
}
