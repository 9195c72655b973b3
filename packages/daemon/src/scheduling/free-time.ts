interface Times {
  seenUs: number;
  countedUs: number;
}

/**
 * What partitions have used of the GPU while nobody had turns, by what their VFs say: the host cannot know better there, and
 * nothing is decided by it.
 */
export class FreeTime {
  readonly #times = new Map<string, Times>();

  /** What the partition's VFs have said until now in all; what is more than the last time counts, or does not. */
  note(partition: string, gpuTimeUs: number, { counts }: { readonly counts: boolean }): void {
    const times = this.#times.get(partition) ?? { seenUs: gpuTimeUs, countedUs: 0 };
    if (counts) times.countedUs += Math.max(0, gpuTimeUs - times.seenUs);
    times.seenUs = gpuTimeUs;
    this.#times.set(partition, times);
  }

  of(partition: string): number {
    return this.#times.get(partition)?.countedUs ?? 0;
  }

  forget(partition: string): void {
    this.#times.delete(partition);
  }
}
