import { assert } from '@gpup/base';
import type { Budget } from './budget.ts';
import { BYTES_MAX, HEADER, loadBytes, type PageWords, RECORD_WORDS, SLOT, slotWord } from './page-layout.ts';

/** A context that is between claim and decision is there for less than a microsecond, unless it was stopped or killed there. */
const RESERVE_TRIES_MAX = 16;

/** Which of the page's two budgets. */
export interface BudgetWords {
  readonly budget: number;
  readonly used: number;
  readonly reservingHalf: number;
  /** Word for the most that was seen in use; null where nobody asks. */
  readonly seenPeak: number | null;
}

export const VIDEO_WORDS: BudgetWords = { budget: HEADER.budgetBytes, used: SLOT.usedBytes, reservingHalf: SLOT.reservingHalf, seenPeak: SLOT.seenPeakBytes };
export const HOST_WORDS: BudgetWords = { budget: HEADER.hostBudgetBytes, used: SLOT.hostUsedBytes, reservingHalf: SLOT.hostReservingHalf, seenPeak: null };

/**
 * One context's share in a budget that the contexts of a partition have in common, without asking anybody.
 *
 * To reserve, a context first adds to its own word (the claim), then sums all words. Atomics on a page
 * have one order that all processes agree on, so of two contexts that claim at once the second sees
 * the claim of the first: both may be refused, but never are both granted what only one can have. The
 * same holds for a budget that is lowered: whoever was granted by the old one is in the sum that the
 * daemon takes after it has stored the new one.
 *
 * Only the owner writes its words, and never reads them back: a VF that was taken over can spoil what
 * its own partition shows, and nothing else. A context that is killed half-way leaves a claim in its own
 * slot, which the daemon clears.
 */
export class SlotBudget implements Budget {
  readonly #page: PageWords;
  readonly #words: BudgetWords;
  readonly #slotIndex: number;
  readonly #usedWord: number;
  readonly #reservingHalf: number;
  #ownBytes = 0;
  #seenPeakBytes = 0;

  constructor(page: PageWords, slotIndex: number, words: BudgetWords) {
    this.#page = page;
    this.#words = words;
    this.#slotIndex = slotIndex;
    this.#usedWord = slotWord(slotIndex) + words.used;
    this.#reservingHalf = slotWord(slotIndex) * 2 + words.reservingHalf;
  }

  get limitBytes(): number {
    const bytes = loadBytes(this.#page.big, this.#words.budget);
    return bytes === BYTES_MAX ? Number.POSITIVE_INFINITY : bytes;
  }

  get usedBytes(): number {
    return this.#ownBytes + this.#othersBytes();
  }

  reserve(bytes: number): boolean {
    if (bytes > BYTES_MAX) return false;
    for (let tries = 0; tries < RESERVE_TRIES_MAX; tries++) {
      if (this.#claim(bytes)) return true;
      // With nobody else in the middle of it, a second look would see the same.
      if (!this.#isAnotherReserving()) return false;
    }
    return false;
  }

  #claim(bytes: number): boolean {
    const { big, int } = this.#page;
    Atomics.store(int, this.#reservingHalf, 1);
    Atomics.store(big, this.#usedWord, BigInt(this.#ownBytes + bytes));
    const totalBytes = this.#ownBytes + bytes + this.#othersBytes();
    // Read last: see the class comment.
    const isGranted = totalBytes <= this.limitBytes;
    if (isGranted) {
      this.#ownBytes += bytes;
      this.#notePeak(totalBytes);
    } else {
      Atomics.store(big, this.#usedWord, BigInt(this.#ownBytes));
    }
    Atomics.store(int, this.#reservingHalf, 0);
    return isGranted;
  }

  release(bytes: number): void {
    this.#ownBytes -= bytes;
    assert(this.#ownBytes >= 0);
    Atomics.store(this.#page.big, this.#usedWord, BigInt(this.#ownBytes));
  }

  #notePeak(totalBytes: number): void {
    if (totalBytes <= this.#seenPeakBytes) return;
    this.#seenPeakBytes = totalBytes;
    if (this.#words.seenPeak !== null) this.#page.float[slotWord(this.#slotIndex) + this.#words.seenPeak] = totalBytes;
  }

  /** A slot whose first use the mark does not cover yet sums after us, and sees our claim. */
  #othersBytes(): number {
    const { big } = this.#page;
    const endWord = slotWord(usedSlotCount(this.#page));
    let bytes = 0;
    for (let word = slotWord(0) + this.#words.used; word < endWord; word += RECORD_WORDS) {
      if (word !== this.#usedWord) bytes += loadBytes(big, word);
    }
    return bytes;
  }

  #isAnotherReserving(): boolean {
    const { int } = this.#page;
    const endHalf = slotWord(usedSlotCount(this.#page)) * 2;
    for (let half = slotWord(0) * 2 + this.#words.reservingHalf; half < endHalf; half += RECORD_WORDS * 2) {
      if (half !== this.#reservingHalf && Atomics.load(int, half) !== 0) return true;
    }
    return false;
  }
}

/** Clamped to the slots that the memory has. */
export function usedSlotCount({ int }: PageWords): number {
  const slotCountMax = Math.floor(int.length / (RECORD_WORDS * 2)) - 2;
  return Math.max(0, Math.min(Atomics.load(int, HEADER.usedSlotCountHalf), slotCountMax));
}
