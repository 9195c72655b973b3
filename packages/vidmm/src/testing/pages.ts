import { ContextSlot } from '../context-slot.ts';
import { pageBytes } from '../page-layout.ts';
import { type PageBudgets, PartitionPage } from '../partition-page.ts';

export interface TestPage {
  readonly buffer: SharedArrayBuffer;
  readonly page: PartitionPage;
  /** A context of the partition, as its VF would open it. */
  open(vfPid?: number): { readonly slotIndex: number; readonly slot: ContextSlot };
}

export function testPage({ slotCount = 4, budgetBytes, hostBudgetBytes }: Partial<PageBudgets> & { readonly slotCount?: number } = {}): TestPage {
  const buffer = new SharedArrayBuffer(pageBytes(slotCount));
  const page = PartitionPage.create(buffer, { slotCount, budgetBytes, hostBudgetBytes });
  let pids = 1000;
  return {
    buffer,
    page,
    open(vfPid = ++pids) {
      const slotIndex = page.allocateSlot(vfPid);
      if (slotIndex === null) throw new Error(`All ${slotCount} slots are taken.`);
      return { slotIndex, slot: new ContextSlot({ buffer, slotIndex }) };
    },
  };
}
