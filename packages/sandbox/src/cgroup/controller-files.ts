import type { Controller } from './own-groups.ts';

/** What a group of one VF process is held to. Null: nothing. */
export interface GroupLimits {
  readonly memoryBytesMax: number | null;
  /** In processors: 1.5 is one and a half. */
  readonly processorsMax: number | null;
  /** Threads count. */
  readonly taskCountMax: number;
}

export interface Setting {
  readonly file: string;
  readonly value: string;
  /** Not every kernel has it. */
  readonly isOptional?: true;
}

/** A tenth of a second, in microseconds: how often a share of the processors is given anew. */
const PERIOD_US = 100_000;

/** What is written into the files of a group, in this order. Without a limit of processors groups share them equally. */
export function settingsOf(controller: Controller, version: 1 | 2, { memoryBytesMax, processorsMax, taskCountMax }: GroupLimits): readonly Setting[] {
  const bytes = memoryBytesMax === null ? null : String(memoryBytesMax);
  const quotaUs = processorsMax === null ? null : String(Math.max(1000, Math.round(processorsMax * PERIOD_US)));
  switch (controller) {
    case 'memory':
      if (version === 1) return memoryOfVersion1(bytes ?? '-1');
      return [
        { file: 'memory.max', value: bytes ?? 'max' },
        // Else what is above the limit would go to the swap space of all.
        { file: 'memory.swap.max', value: bytes === null ? 'max' : '0', isOptional: true },
      ];
    case 'cpu':
      if (version === 1) return [{ file: 'cpu.cfs_period_us', value: String(PERIOD_US) }, { file: 'cpu.cfs_quota_us', value: quotaUs ?? '-1' }];
      return [{ file: 'cpu.max', value: `${quotaUs ?? 'max'} ${PERIOD_US}` }];
    case 'pids':
      return [{ file: 'pids.max', value: String(taskCountMax) }];
  }
}

/** Memory with swap may never be less than memory: so it is taken back first, and set last. */
function memoryOfVersion1(value: string): readonly Setting[] {
  return [
    { file: 'memory.memsw.limit_in_bytes', value: '-1', isOptional: true },
    { file: 'memory.limit_in_bytes', value },
    { file: 'memory.memsw.limit_in_bytes', value, isOptional: true },
  ];
}

/** The file in which the kernel counts how often it has ended a process of the group for its memory, and how. */
export function outOfMemoryCount(version: 1 | 2): { readonly file: string; readonly pattern: RegExp } {
  return { file: version === 1 ? 'memory.oom_control' : 'memory.events', pattern: /^oom_kill (\d+)$/m };
}
