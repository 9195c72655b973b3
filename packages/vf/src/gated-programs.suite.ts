import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '@gpup/base/testing';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, MAP_MODE, type Backend } from './backend.ts';
import { type GuestDevice, type Reply, ScriptedGuest } from './testing/scripted-guest.ts';
import { ScriptedTurns } from './testing/scripted-turns.ts';

/**
 * A gate that opens and closes at random changes nothing but the time: every answer, every error and every byte of
 * a random program is what it is without turns.
 */

const { COPY_SRC, COPY_DST, MAP_READ } = BUFFER_USAGE;
const BUFFER_BYTES = 32;
const STEP_COUNT = 120;
const OUR_ERROR = /or is named twice/;

interface Outcome {
  readonly replies: readonly unknown[];
  /** What implementations say comes a moment later than what we say, whatever else has come by then. */
  readonly uncaptured: { readonly ours: readonly unknown[]; readonly theirs: readonly unknown[] };
  readonly lostDevices: readonly unknown[];
  readonly statistics: unknown;
  readonly end: unknown;
}

/** A guest's program, the same for a seed whatever its host does. */
class Program {
  readonly #guest: ScriptedGuest;
  readonly #random: Random;
  /** Waits for an answer, while the world goes on. */
  readonly #waitFor: <T>(promise: Promise<T>) => Promise<T>;
  readonly #replies: Promise<unknown>[] = [];
  readonly #buffers: number[] = [];
  readonly #recorded: number[] = [];
  #device: GuestDevice | null = null;
  #scopeDepth = 0;

  constructor(guest: ScriptedGuest, seed: number, waitFor: <T>(promise: Promise<T>) => Promise<T>) {
    this.#guest = guest;
    this.#random = new Random(seed);
    this.#waitFor = waitFor;
  }

  async run(beforeStep: () => Promise<void>): Promise<Outcome> {
    const guest = this.#guest;
    guest.hello();
    this.#device = await this.#waitFor(guest.device());
    for (let i = 0; i < 3; i++) this.#newBuffer();
    for (let i = 0; i < STEP_COUNT; i++) {
      await beforeStep();
      await this.#step(this.#random.below(100));
    }
    while (this.#scopeDepth > 0) this.#pop();
    for (const buffer of this.#buffers) await this.#read(buffer);
    this.#keep(guest.done(this.#handle));
    const replies = await this.#waitFor(Promise.all(this.#replies));
    const { lostDevices, end } = guest;
    const isOurs = ({ message }: { readonly message: string }): boolean => OUR_ERROR.test(message);
    const uncaptured = { ours: guest.uncaptured.filter(isOurs), theirs: guest.uncaptured.filter((error) => !isOurs(error)) };
    // Written bytes are counted until an answer for them comes, sooner or later.
    const { hostBytes, ...statistics } = guest.processor.statistics();
    return { replies, uncaptured, lostDevices, end, statistics };
  }

  get #handle(): GuestDevice {
    return this.#device as GuestDevice;
  }

  async #step(choice: number): Promise<void> {
    const guest = this.#guest;
    if (choice < 8) this.#newBuffer();
    else if (choice < 20) this.#write();
    else if (choice < 45) guest.submit(this.#handle, ...Array.from({ length: this.#random.below(3) }, () => this.#copy()));
    else if (choice < 52) this.#recorded.push(this.#copy());
    else if (choice < 60) guest.submit(this.#handle, ...this.#recorded.splice(0, 2));
    else if (choice < 64) this.#submitTwice();
    else if (choice < 72) this.#push();
    else if (choice < 80) this.#pop();
    else if (choice < 84) this.#inject();
    else if (choice < 88) this.#keep(guest.done(this.#handle));
    else if (choice < 93) await this.#read(this.#anyBuffer());
    else if (choice < 95) guest.post((w) => encode.encodeGPUBufferDestroy(w, this.#anyBuffer()));
    else if (choice < 98) this.#release();
    else if (choice < 99) await this.#anotherDevice();
    else await this.#waitFor(guest.done(this.#handle));
  }

  #keep(reply: Promise<Reply>): void {
    this.#replies.push(reply);
  }

  #anyBuffer(): number {
    return this.#buffers[this.#random.below(this.#buffers.length)] as number;
  }

  #newBuffer(): void {
    this.#buffers.push(this.#guest.buffer(this.#handle, { size: BUFFER_BYTES, usage: COPY_SRC | COPY_DST }));
  }

  #release(): void {
    if (this.#buffers.length < 4) return;
    this.#guest.release(...this.#buffers.splice(this.#random.below(this.#buffers.length), 1));
  }

  /** Sometimes beyond its end. */
  #write(): void {
    const data = Uint8Array.from({ length: 8 }, () => this.#random.below(256));
    this.#guest.writeBuffer(this.#handle, this.#anyBuffer(), 8 * this.#random.below(BUFFER_BYTES / 8 + 1), data);
  }

  /** Sometimes onto itself, which is an error. */
  #copy(): number {
    const [source, destination] = [this.#anyBuffer(), this.#anyBuffer()];
    const at = (): number => 8 * this.#random.below(BUFFER_BYTES / 8);
    const [from, to] = [at(), at()];
    return this.#guest.commandBuffer(this.#handle, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: source }, from, { handle: destination }, to, 8));
  }

  #submitTwice(): void {
    const buffer = this.#copy();
    this.#guest.submit(this.#handle, buffer, this.#random.below(2) === 0 ? buffer : 0);
  }

  #push(): void {
    this.#guest.push(this.#handle, 'validation');
    this.#scopeDepth++;
  }

  /** Inside of a scope: outside, the order of our errors and the implementation's depends on what comes in one task. */
  #inject(): void {
    const message = `injected ${this.#random.word()}`;
    if (this.#scopeDepth > 0) this.#guest.inject(this.#handle, 'validation', message);
  }

  #pop(): void {
    if (this.#scopeDepth === 0) return;
    this.#scopeDepth--;
    this.#keep(this.#guest.pop(this.#handle));
  }

  /** As a program would: it maps, waits, and unmaps. */
  async #read(buffer: number): Promise<void> {
    const guest = this.#guest;
    const readBack = guest.buffer(this.#handle, { size: BUFFER_BYTES, usage: MAP_READ | COPY_DST });
    guest.run(this.#handle, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: buffer }, 0, { handle: readBack }, 0, BUFFER_BYTES));
    const reply = guest.map(readBack, MAP_MODE.READ, { size: BUFFER_BYTES });
    this.#keep(reply);
    await this.#waitFor(reply);
    guest.post((w) => encode.encodeGPUBufferUnmap(w, readBack));
    guest.release(readBack);
  }

  /** The old one ends once it has told of its errors: what was not told by then never is. */
  async #anotherDevice(): Promise<void> {
    const guest = this.#guest;
    const old = this.#handle;
    while (this.#scopeDepth > 0) this.#pop();
    await this.#waitFor(guest.done(old));
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, old.handle));
    this.#device = await this.#waitFor(guest.device());
    this.#buffers.length = 0;
    this.#recorded.length = 0;
    for (let i = 0; i < 3; i++) this.#newBuffer();
  }
}

function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function ungated(backend: Backend, seed: number): Promise<Outcome> {
  const guest = new ScriptedGuest({ backend });
  return new Program(guest, seed, (promise) => promise).run(async () => {});
}

async function gated(backend: Backend, seed: number, gateSeed: number): Promise<{ readonly outcome: Outcome; readonly keptCount: number }> {
  const turns = new ScriptedTurns();
  const guest = new ScriptedGuest({ backend, turns, nowMs: turns.nowMs });
  const random = new Random(gateSeed);
  let serial = 0;
  const disturb = async (): Promise<void> => {
    const choice = random.below(10);
    if (choice < 3) guest.processor.grantTurn({ serial: ++serial, untilUs: turns.untilUs(random.below(20)), yields: random.below(2) === 0 });
    else if (choice < 5) guest.processor.grantTurn({ serial: ++serial, untilUs: 0, yields: false });
    else if (choice < 6) guest.processor.freeTurn();
    else if (choice < 9) turns.pass(random.below(10));
    else await settled();
  };
  const waitFor = async <T>(promise: Promise<T>): Promise<T> => {
    let isSettled = false;
    void promise.then(() => { isSettled = true; });
    while (!isSettled) {
      await disturb();
      await settled();
    }
    return promise;
  };
  const outcome = await new Program(guest, seed, waitFor).run(disturb);
  return { outcome, keptCount: turns.said.filter(({ type }) => type === 'turn-wanted').length };
}

export function gatedProgramsSuite(name: string, open: () => Promise<Backend>, programSeeds: readonly number[]): void {
  test(`${name}: random programs come out the same with turns as without`, async () => {
    const backend = await open();
    let keptCount = 0;
    for (const seed of programSeeds) {
      const expected = await ungated(backend, seed);
      equal(expected.end, null, `seed ${seed}`);
      for (const gateSeed of [seed + 1, seed + 2]) {
        const { outcome, keptCount: kept } = await gated(backend, seed, gateSeed);
        deepEqual(outcome, expected, `seed ${seed}, turns of seed ${gateSeed}`);
        keptCount += kept;
      }
    }
    equal(keptCount > programSeeds.length, true, `only ${keptCount} submits have waited`);
  });
}
