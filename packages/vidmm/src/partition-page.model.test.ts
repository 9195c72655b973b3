/** Contexts of one partition come, allocate, free and die, and budgets change: the page agrees with the objects that live. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { bufferBytes, querySetBytes, textureBytes } from './footprint.ts';
import { SLOT, slotWord, viewPage } from './page-layout.ts';
import { type TestPage, testPage } from './testing/pages.ts';
import { Random, seeds } from '@gpup/base/testing';
import { TEXTURE_FORMATS } from './texture-formats.ts';
import { VideoMemory } from './video-memory.ts';

const SLOT_COUNT = 6;
const BUDGET_BYTES = 64 * 2 ** 20;
const CHECK_EVERY = 100;
const LIMITS = { maxBufferSize: 2 ** 28, maxTextureDimension1D: 8192, maxTextureDimension2D: 8192, maxTextureDimension3D: 2048, maxTextureArrayLayers: 256 };
const FORMATS = [...TEXTURE_FORMATS.keys()];

interface ModelContext {
  readonly slotIndex: number;
  readonly memory: VideoMemory;
  readonly objectBytes: number[];
}

class Model {
  readonly #random: Random;
  readonly #test: TestPage = testPage({ slotCount: SLOT_COUNT, budgetBytes: BUDGET_BYTES });
  readonly #contexts: ModelContext[] = [];
  #budgetBytes = BUDGET_BYTES;
  #usedBytes = 0;
  #peakBytes = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  step(): void {
    const roll = this.#random.below(1000);
    const context = this.#contexts[this.#random.below(SLOT_COUNT)];
    if (context === undefined) this.#open();
    else if (roll < 2) this.#die(context);
    else if (roll < 5) this.#change();
    else if (roll < 480 && context.objectBytes.length > 0) this.#free(context);
    else this.#allocate(context);
  }

  #open(): void {
    if (this.#contexts.length === SLOT_COUNT) return;
    const { slotIndex, slot } = this.#test.open();
    this.#contexts.push({ slotIndex, memory: new VideoMemory(slot.video), objectBytes: [] });
  }

  #allocate({ memory, objectBytes }: ModelContext): void {
    const bytes = this.#someBytes();
    const isAllowed = bytes === 0 || this.#usedBytes + bytes <= this.#budgetBytes;
    equal(memory.reserve(bytes), isAllowed, `${bytes} bytes with ${this.#usedBytes} of ${this.#budgetBytes} used`);
    if (!isAllowed) return;
    objectBytes.push(bytes);
    this.#usedBytes += bytes;
    this.#peakBytes = Math.max(this.#peakBytes, this.#usedBytes);
  }

  #someBytes(): number {
    const random = this.#random;
    switch (random.below(3)) {
      case 0:
        return bufferBytes(random.skewed(2 ** 24), LIMITS);
      case 1:
        return querySetBytes(random.below(5000));
      default: {
        const [width, height, depthOrArrayLayers] = [1 + random.skewed(512), 1 + random.skewed(512), 1 + random.skewed(6)] as const;
        const format = FORMATS[random.below(FORMATS.length)] as string;
        const dimension = random.below(4) === 0 ? '3d' : '2d';
        return textureBytes({ format, dimension, width, height, depthOrArrayLayers, mipLevelCount: 1 + random.below(8), sampleCount: random.below(4) === 0 ? 4 : 1 }, LIMITS);
      }
    }
  }

  #free({ memory, objectBytes }: ModelContext): void {
    const [bytes] = objectBytes.splice(this.#random.below(objectBytes.length), 1) as [number];
    memory.release(bytes);
    this.#usedBytes -= bytes;
  }

  /** Now and then in the middle of a reservation. */
  #die(context: ModelContext): void {
    this.#contexts.splice(this.#contexts.indexOf(context), 1);
    const { big, int } = viewPage(this.#test.buffer);
    if (this.#random.below(2) === 0) {
      Atomics.store(int, slotWord(context.slotIndex) * 2 + SLOT.reservingHalf, 1);
      Atomics.store(big, slotWord(context.slotIndex) + SLOT.usedBytes, BigInt(this.#random.word()));
    }
    this.#test.page.retireSlot(context.slotIndex);
    this.#usedBytes -= sum(context.objectBytes);
  }

  #change(): void {
    const budgetBytes = BUDGET_BYTES / 2 + this.#random.below(BUDGET_BYTES);
    const whenInUse = this.#random.below(2) === 0 ? 'refuse' : 'wait';
    const isInUse = this.#usedBytes > budgetBytes;
    const kind = !isInUse ? 'changed' : whenInUse === 'wait' ? 'shrinking' : 'in-use';
    equal(this.#test.page.setBudgetBytes(budgetBytes, whenInUse).kind, kind);
    if (kind !== 'in-use') this.#budgetBytes = budgetBytes;
  }

  /** Recomputes everything from the objects that live. */
  check(): void {
    const { page } = this.#test;
    for (const { slotIndex, memory, objectBytes } of this.#contexts) {
      const bytes = sum(objectBytes);
      deepEqual([memory.usedBytes, page.slot(slotIndex).vramBytes], [bytes, bytes]);
    }
    const liveBytes = this.#contexts.reduce((bytes, { objectBytes }) => bytes + sum(objectBytes), 0);
    const { vramBytes, vramPeakBytes } = page.usage();
    deepEqual([vramBytes, vramPeakBytes], [liveBytes, this.#peakBytes]);
    equal(page.isShrinking, liveBytes > this.#budgetBytes);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

for (const [index, seed] of seeds(7, 2026).entries()) {
  const operationCount = index === 0 ? 1_000_000 : 100_000;
  test(`a page agrees with the live objects over ${operationCount} random operations, seed ${seed}`, () => {
    const model = new Model(new Random(seed));
    for (let i = 1; i <= operationCount; i++) {
      model.step();
      if (i % CHECK_EVERY === 0) model.check();
    }
  });
}
