import { BYTES_MAX, HEADER, loadBytes, loadCount, type PageWords, RETIRED_WORD, SLOT, slotWord } from './page-layout.ts';
import { usedSlotCount } from './slot-budget.ts';

/** What a context may know of its partition: sums over the partition's contexts, ended ones included where it counts. */
export interface PartitionFigures {
  readonly vramUsedBytes: number;
  readonly vramPeakBytes: number;
  /** Undefined: as much as the adapter has. */
  readonly vramBudgetBytes: number | undefined;
  readonly contextCount: number;
  readonly submitCount: number;
  readonly completedCount: number;
}

/** Read by a VF, for its guest: every word is clamped, as another VF of the partition may have written it. */
export function partitionFigures(page: PageWords): PartitionFigures {
  const { big, float } = page;
  const figures = {
    vramUsedBytes: 0,
    vramPeakBytes: Math.min(loadCount(float, HEADER.peakBytes), BYTES_MAX),
    vramBudgetBytes: budgetIn(big),
    contextCount: 0,
    submitCount: loadCount(float, RETIRED_WORD + SLOT.submitSerial),
    completedCount: loadCount(float, RETIRED_WORD + SLOT.completedSerial),
  };
  for (let slotIndex = 0; slotIndex < usedSlotCount(page); slotIndex++) {
    const base = slotWord(slotIndex);
    if (loadCount(float, base + SLOT.vfPid) === 0) continue;
    figures.contextCount++;
    figures.vramUsedBytes += loadBytes(big, base + SLOT.usedBytes);
    figures.vramPeakBytes = Math.max(figures.vramPeakBytes, Math.min(loadCount(float, base + SLOT.seenPeakBytes), BYTES_MAX));
    figures.submitCount = sum(figures.submitCount, loadCount(float, base + SLOT.submitSerial));
    figures.completedCount = sum(figures.completedCount, loadCount(float, base + SLOT.completedSerial));
  }
  return figures;
}

function budgetIn(big: BigInt64Array): number | undefined {
  const bytes = loadBytes(big, HEADER.budgetBytes);
  return bytes === BYTES_MAX ? undefined : bytes;
}

function sum(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER);
}
