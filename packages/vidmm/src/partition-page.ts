import { assert } from '@gpup/base';
import { BYTES_MAX, budgetWord, HEADER, loadBytes, loadCount, PAGE_MAGIC, PAGE_VERSION, pageBytes, pageDefect, type PageWords, RECORD_WORDS, RETIRED_WORD, SLOT, slotWord, viewPage } from './page-layout.ts';
import { type Counts, addCounts, readCounts, readSlot, type SlotView, writeCounts } from './slot-view.ts';

export interface PageBudgets {
  /** Undefined: as much as the adapter has. */
  readonly budgetBytes: number | undefined;
  readonly hostBudgetBytes: number | undefined;
}

/** Of a partition: counts since the page was made, ended contexts included. */
export interface PageUsage extends Counts {
  readonly vramBytes: number;
  readonly vramPeakBytes: number;
  readonly hostBytes: number;
  readonly tdrCount: number;
}

export type BudgetChange =
  | { readonly kind: 'changed' }
  /** More is in use than the new budget allows, and the old one holds. */
  | { readonly kind: 'in-use'; readonly usedBytes: number }
  /** More is in use: nothing is given until it is free. */
  | { readonly kind: 'shrinking'; readonly usedBytes: number };

/**
 * The daemon's end of a partition page: it hands out slots, sets budgets, and reads what VFs say.
 *
 * VFs can write every word, and one of them may have been taken over. So everything is clamped when it is
 * read, nothing that is read becomes a size or an index, and what the daemon has decided (budgets, who has
 * which slot, what ended contexts have counted) is kept in its own memory and only copied to the page.
 */
export class PartitionPage {
  readonly slotCount: number;
  readonly #page: PageWords;
  /** Pid of the VF that has the slot, or null. */
  readonly #owners: (number | null)[];
  #budgets: PageBudgets;
  #retired: Counts;
  #peakBytes: number;
  /** Slots from here on were never anybody's. */
  #usedSlotCount: number;
  #tdrCount: number;
  /** The largest one so far: nobody was granted more. */
  #budgetBytesMax = 0;

  private constructor(buffer: ArrayBufferLike, slotCount: number, budgets: PageBudgets) {
    this.slotCount = slotCount;
    this.#page = viewPage(buffer);
    this.#owners = new Array<number | null>(slotCount).fill(null);
    this.#budgets = budgets;
    this.#retired = readCounts(this.#page.float, RETIRED_WORD);
    this.#peakBytes = Math.min(loadCount(this.#page.float, HEADER.peakBytes), BYTES_MAX);
    this.#usedSlotCount = Math.max(0, Math.min(Atomics.load(this.#page.int, HEADER.usedSlotCountHalf), slotCount));
    Atomics.store(this.#page.int, HEADER.usedSlotCountHalf, this.#usedSlotCount);
    this.#tdrCount = loadCount(this.#page.float, HEADER.tdrCount);
    this.#storeBudgets();
  }

  /** `buffer` is all zeros, of `pageBytes(slotCount)`. */
  static create(buffer: ArrayBufferLike, { slotCount, ...budgets }: PageBudgets & { readonly slotCount: number }): PartitionPage {
    assert(buffer.byteLength === pageBytes(slotCount));
    const int = new Int32Array(buffer);
    Atomics.store(int, HEADER.slotCountHalf, slotCount);
    Atomics.store(int, HEADER.versionHalf, PAGE_VERSION);
    const page = new PartitionPage(buffer, slotCount, budgets);
    Atomics.store(int, HEADER.magicHalf, PAGE_MAGIC);
    return page;
  }

  /**
   * Takes over the page of a daemon that is gone. Budgets come from the definition of the partition. The
   * caller adopts the slots of the VFs that are still there, then sweeps the rest. Throws where it is no page.
   */
  static open(buffer: ArrayBufferLike, budgets: PageBudgets): PartitionPage {
    const defect = pageDefect(buffer);
    if (defect !== null) throw new Error(defect);
    return new PartitionPage(buffer, slotCountOf(buffer), budgets);
  }

  get budgetBytes(): number {
    return this.#budgets.budgetBytes ?? Number.POSITIVE_INFINITY;
  }

  get hostBudgetBytes(): number {
    return this.#budgets.hostBudgetBytes ?? Number.POSITIVE_INFINITY;
  }

  /** The index of a free slot, now the VF's; null where all are taken. */
  allocateSlot(vfPid: number): number | null {
    const slotIndex = this.#owners.indexOf(null);
    return slotIndex !== -1 && this.#take(slotIndex, vfPid) ? slotIndex : null;
  }

  /** False where the slot does not exist or is another's: the word of a VF that says it has it. */
  adoptSlot(slotIndex: number, vfPid: number): boolean {
    return this.#owners[slotIndex] === null && this.#take(slotIndex, vfPid);
  }

  #take(slotIndex: number, vfPid: number): true {
    const { int, float } = this.#page;
    this.#owners[slotIndex] = vfPid;
    float[slotWord(slotIndex) + SLOT.vfPid] = vfPid;
    // Only ever raised, and before the VF hears of its slot: see SlotBudget.
    this.#usedSlotCount = Math.max(this.#usedSlotCount, slotIndex + 1);
    Atomics.store(int, HEADER.usedSlotCountHalf, this.#usedSlotCount);
    return true;
  }

  /** The slot's VF is gone, its process reaped: what it counted stays, what it held is free. */
  retireSlot(slotIndex: number): void {
    assert(this.#owners[slotIndex] !== null && slotIndex < this.slotCount);
    this.#owners[slotIndex] = null;
    this.#clear(slotIndex);
  }

  /** Clears the slots that nobody was found to have, after the others were adopted. */
  sweep(): void {
    for (const [slotIndex, owner] of this.#owners.entries()) if (owner === null) this.#clear(slotIndex);
  }

  #clear(slotIndex: number): void {
    const { big, float } = this.#page;
    const base = slotWord(slotIndex);
    this.#foldPeak();
    this.#retired = addCounts(this.#retired, readCounts(float, base));
    writeCounts(float, RETIRED_WORD, this.#retired);
    Atomics.store(big, base + SLOT.usedBytes, 0n);
    Atomics.store(big, base + SLOT.hostUsedBytes, 0n);
    float.fill(0, base, base + RECORD_WORDS);
  }

  /** A context of the partition was timed out. */
  countTdr(): void {
    this.#tdrCount = Math.min(this.#tdrCount + 1, Number.MAX_SAFE_INTEGER);
    this.#page.float[HEADER.tdrCount] = this.#tdrCount;
  }

  /** What the contexts have of the budget, claims included that are about to be refused. */
  usedBytes(): number {
    return this.#sum(SLOT.usedBytes);
  }

  hostUsedBytes(): number {
    return this.#sum(SLOT.hostUsedBytes);
  }

  /** Asked for a few times a second for every partition of the host: no more is read than is summed. */
  #sum(word: number): number {
    let bytes = 0;
    for (let slotIndex = 0; slotIndex < this.#usedSlotCount; slotIndex++) bytes += loadBytes(this.#page.big, slotWord(slotIndex) + word);
    return bytes;
  }

  /** For which the GPU worked for contexts of the partition, those that have ended included, as their VFs say: what `usage` has, at a fraction of the cost. */
  gpuTimeUs(): number {
    let timeUs = this.#retired.gpuTimeUs;
    for (const [slotIndex, owner] of this.#owners.entries()) {
      if (owner !== null) timeUs = Math.min(timeUs + loadCount(this.#page.float, slotWord(slotIndex) + SLOT.gpuTimeUs), Number.MAX_SAFE_INTEGER);
    }
    return timeUs;
  }

  /** True while more is in use than the budget allows, after it was lowered. */
  get isShrinking(): boolean {
    return this.usedBytes() > this.budgetBytes;
  }

  setBudgetBytes(budgetBytes: number | undefined, whenInUse: 'refuse' | 'wait'): BudgetChange {
    return this.#setBudget({ ...this.#budgets, budgetBytes }, whenInUse, () => overBy(this.usedBytes(), budgetBytes));
  }

  setHostBudgetBytes(hostBudgetBytes: number | undefined, whenInUse: 'refuse' | 'wait'): BudgetChange {
    return this.#setBudget({ ...this.#budgets, hostBudgetBytes }, whenInUse, () => overBy(this.hostUsedBytes(), hostBudgetBytes));
  }

  /** `inUse` looks afresh: what is in use where that is more than the new budget allows, else null. */
  #setBudget(budgets: PageBudgets, whenInUse: 'refuse' | 'wait', inUse: () => number | null): BudgetChange {
    const before = this.#budgets;
    this.#foldPeak();
    // A budget that is going to be refused is better never seen by a VF.
    const usedBefore = whenInUse === 'refuse' ? inUse() : null;
    if (usedBefore !== null) return { kind: 'in-use', usedBytes: usedBefore };
    this.#budgets = budgets;
    this.#storeBudgets();
    const usedBytes = inUse();
    if (usedBytes === null) return { kind: 'changed' };
    if (whenInUse === 'wait') return { kind: 'shrinking', usedBytes };
    // A VF was quicker.
    this.#budgets = before;
    this.#storeBudgets();
    return { kind: 'in-use', usedBytes };
  }

  #storeBudgets(): void {
    const { big } = this.#page;
    this.#budgetBytesMax = Math.max(this.#budgetBytesMax, Math.min(this.budgetBytes, BYTES_MAX));
    Atomics.store(big, HEADER.budgetBytes, budgetWord(this.#budgets.budgetBytes));
    Atomics.store(big, HEADER.hostBudgetBytes, budgetWord(this.#budgets.hostBudgetBytes));
  }

  slot(slotIndex: number): SlotView {
    assert(slotIndex >= 0 && slotIndex < this.slotCount);
    return readSlot(this.#page, slotWord(slotIndex));
  }

  usage(): PageUsage {
    // A slot that nobody has counts nothing, whatever a VF may have written there.
    const taken = [...this.#owners.keys()].filter((slotIndex) => this.#owners[slotIndex] !== null).map((slotIndex) => this.slot(slotIndex));
    return {
      ...taken.reduce<Counts>(addCounts, this.#retired),
      vramBytes: this.usedBytes(),
      vramPeakBytes: this.#foldPeak(),
      hostBytes: this.hostUsedBytes(),
      tdrCount: this.#tdrCount,
    };
  }

  /** Every context that was granted something noted the sum that it saw; the largest one is the peak. */
  #foldPeak(): number {
    const { float } = this.#page;
    for (let slotIndex = 0; slotIndex < this.#usedSlotCount; slotIndex++) {
      const seenBytes = Math.min(loadCount(float, slotWord(slotIndex) + SLOT.seenPeakBytes), this.#budgetBytesMax);
      this.#peakBytes = Math.max(this.#peakBytes, seenBytes);
    }
    float[HEADER.peakBytes] = this.#peakBytes;
    return this.#peakBytes;
  }

  /** What a VF must have done where the page no longer says what the daemon has written there; null where it does. */
  tampering(): string | null {
    const { big, int } = this.#page;
    const defect = pageDefect(int.buffer);
    if (defect !== null) return defect;
    if (slotCountOf(int.buffer) !== this.slotCount) return `Partition page slot count (${slotCountOf(int.buffer)}) is not ${this.slotCount}.`;
    const usedSlotCount = Atomics.load(int, HEADER.usedSlotCountHalf);
    // Contexts sum no further than this: one that is left out would have a budget of its own.
    if (usedSlotCount !== this.#usedSlotCount) return `Partition page count of used slots (${usedSlotCount}) is not ${this.#usedSlotCount}.`;
    for (const [word, bytes] of [[HEADER.budgetBytes, this.#budgets.budgetBytes], [HEADER.hostBudgetBytes, this.#budgets.hostBudgetBytes]] as const) {
      const found = Atomics.load(big, word);
      if (found !== budgetWord(bytes)) return `Partition page budget (${found}) is not ${budgetWord(bytes)}.`;
    }
    return null;
  }
}

/** Of a page without a defect. */
function slotCountOf(buffer: ArrayBufferLike): number {
  return Atomics.load(new Int32Array(buffer), HEADER.slotCountHalf);
}

function overBy(usedBytes: number, budgetBytes: number | undefined): number | null {
  return budgetBytes !== undefined && usedBytes > budgetBytes ? usedBytes : null;
}
