import { createSealedMemfd } from '@gpup/os';
import type { Page, PageFile, PageFiles, PageSlot, PageUsage } from './pages.ts';

/** Pages on which nobody counts: they hand out slots, and show zeros. For a daemon whose VFs do not count yet. */
export const plainPages: PageFiles = {
  create: (name, { slotCount }) => fileOf(createSealedMemfd(name, PAGE_BYTES), slotCount),
  open: (fd) => fileOf(fd, SLOT_COUNT_MAX),
};

const PAGE_BYTES = 4096;
const SLOT_COUNT_MAX = 64;

const NO_USAGE: PageUsage = {
  vramBytes: 0, vramPeakBytes: 0, hostBytes: 0, gpuTimeUs: 0, submitCount: 0, completedCount: 0, faultCount: 0, queueWaitUs: [], submitLatencyUs: [],
};
const NO_SLOT: PageSlot = { vramBytes: 0, hostBytes: 0, gpuTimeUs: 0, submitCount: 0, completedCount: 0, oldestSubmitMs: 0, guiltyDevice: 0, packetSerial: 0 };

function fileOf(fd: number, slotCount: number): PageFile {
  return { page: new PlainPage(slotCount), fd, release: () => {} };
}

class PlainPage implements Page {
  readonly slotCount: number;
  readonly #owners: (number | null)[];

  constructor(slotCount: number) {
    this.slotCount = slotCount;
    this.#owners = new Array<number | null>(slotCount).fill(null);
  }

  allocateSlot(vfPid: number): number | null {
    const slotIndex = this.#owners.indexOf(null);
    if (slotIndex === -1) return null;
    this.#owners[slotIndex] = vfPid;
    return slotIndex;
  }
  adoptSlot(slotIndex: number, vfPid: number): boolean {
    if (this.#owners[slotIndex] !== null) return false;
    this.#owners[slotIndex] = vfPid;
    return true;
  }
  retireSlot(slotIndex: number): void {
    this.#owners[slotIndex] = null;
  }
  sweep(): void {}
  usedBytes(): number {
    return 0;
  }
  hostUsedBytes(): number {
    return 0;
  }
  usage(): PageUsage {
    return NO_USAGE;
  }
  slot(): PageSlot {
    return NO_SLOT;
  }
  setBudgetBytes(): void {}
  setHostBudgetBytes(): void {}
}
