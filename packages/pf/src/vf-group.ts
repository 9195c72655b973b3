import { availableParallelism } from 'node:os';
import type { GroupLimits, GroupTree, VfGroup } from '@gpup/sandbox/cgroup';
import { logLine } from './log.ts';

/** What the groups of VF processes are held to, but for memory, which is the partition's. */
export interface VfGroups {
  readonly tree: GroupTree;
  /** Null: groups share the processors equally, and each may use all that others leave. */
  readonly processorsMax: number | null;
}

/** Node, Dawn, a driver and their compilers, and what their allocators keep of what was freed. */
const BASE_BYTES = 2 ** 30;
/** A context's devices, at most 256, have a thread for each processor on a software GPU; and what Node and a driver have besides. */
const TASK_COUNT_MAX = 1024 + 256 * availableParallelism();

/** What a VF process may have in memory: everything that its budgets allow, video memory twice as it is fragmented (docs/memory.md). */
export function memoryBytesMax({ vramBytes, hostBytes }: { readonly vramBytes: number | null; readonly hostBytes: number | null }): number | null {
  return vramBytes === null || hostBytes === null ? null : BASE_BYTES + 2 * vramBytes + hostBytes;
}

/** The control group of one VF process. Before it has a guest it is held to what it needs by itself. */
export class VfGroupPlace {
  readonly #groups: VfGroups;
  readonly #group: VfGroup;
  #memoryBytesMax: number | null = BASE_BYTES;

  constructor(groups: VfGroups, options: { readonly pid: number; readonly name: string; readonly onFailed: (error: Error) => void }) {
    this.#groups = groups;
    const { group, placed } = groups.tree.place(options.pid, options.name, this.#limits());
    this.#group = group;
    placed.catch(options.onFailed);
  }

  limitMemory(bytes: number | null): void {
    this.#memoryBytesMax = bytes;
    limitGroup(this.#group, this.#limits());
  }

  /** Why the kernel has ended the process; null: not for its memory. */
  get complaint(): string | null {
    return this.#group.hasRunOut ? `it has used more memory than it may (${this.#memoryBytesMax} bytes)` : null;
  }

  remove(): void {
    this.#group.remove();
  }

  #limits(): GroupLimits {
    return groupLimits(this.#groups, this.#memoryBytesMax);
  }
}

export function groupLimits({ processorsMax }: VfGroups, memoryBytesMax: number | null): GroupLimits {
  return { memoryBytesMax, processorsMax, taskCountMax: TASK_COUNT_MAX };
}

/** A limit below what is in use is not taken, in version 1: the one before stays. */
export function limitGroup(group: VfGroup, limits: GroupLimits): void {
  try {
    group.limit(limits);
  } catch (error) {
    logLine(`A control group does not take its limits: ${(error as Error).message}`);
  }
}
