/** What V8's sampling profiler writes, as far as it is read here. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  /** Ids of nodes, one a sample. */
  readonly samples: readonly number[];
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[];
  readonly startTime: number;
  readonly endTime: number;
}

export interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
}

export interface CallFrame {
  readonly functionName: string;
  /** Empty for functions of the engine and of native modules. */
  readonly url: string;
  /** Zero-based. */
  readonly lineNumber: number;
}

/** Microseconds spent in each node itself, by the node's id. */
export function selfTimes(profile: CpuProfile): Map<number, number> {
  const times = new Map<number, number>();
  // A sample stands for the time until the next one, and the last for what is left.
  for (let i = 0; i < profile.samples.length; i++) {
    const id = profile.samples[i] as number;
    const us = i + 1 < profile.samples.length ? (profile.timeDeltas[i + 1] as number) : 0;
    times.set(id, (times.get(id) ?? 0) + Math.max(0, us));
  }
  return times;
}
