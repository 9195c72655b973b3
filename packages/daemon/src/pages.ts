/** What the daemon needs of a partition's page: the memory on which a partition's contexts count what they use. */
export interface PageUsage {
  readonly vramBytes: number;
  readonly vramPeakBytes: number;
  readonly hostBytes: number;
  readonly gpuTimeUs: number;
  readonly submitCount: number;
  readonly completedCount: number;
  readonly faultCount: number;
  readonly queueWaitUs: readonly number[];
  readonly submitLatencyUs: readonly number[];
}

export interface PageSlot {
  readonly vramBytes: number;
  readonly hostBytes: number;
  readonly gpuTimeUs: number;
  readonly submitCount: number;
  readonly completedCount: number;
  /** On the monotonic clock; 0: no submit is unfinished. */
  readonly oldestSubmitMs: number;
  readonly guiltyDevice: number;
  /** Odd inside of a packet. */
  readonly packetSerial: number;
}

export interface Page {
  readonly slotCount: number;
  allocateSlot(vfPid: number): number | null;
  adoptSlot(slotIndex: number, vfPid: number): boolean;
  retireSlot(slotIndex: number): void;
  sweep(): void;
  usedBytes(): number;
  hostUsedBytes(): number;
  usage(): PageUsage;
  slot(slotIndex: number): PageSlot;
  setBudgetBytes(budgetBytes: number | undefined, whenInUse: 'refuse' | 'wait'): unknown;
  setHostBudgetBytes(hostBudgetBytes: number | undefined, whenInUse: 'refuse' | 'wait'): unknown;
}

export interface PageBudgets {
  /** Undefined: as much as the adapter has. */
  readonly budgetBytes: number | undefined;
  readonly hostBudgetBytes: number | undefined;
}

export interface PageFile {
  readonly page: Page;
  readonly fd: number;
  release(): void;
}

/** Where pages come from. */
export interface PageFiles {
  create(name: string, options: PageBudgets & { readonly slotCount: number }): PageFile;
  /** Of one that a VF has handed over, whose descriptor it takes. Throws, with nothing taken, where it is none. */
  open(fd: number, budgets: PageBudgets): PageFile;
}
