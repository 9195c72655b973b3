import { availableParallelism } from 'node:os';
import type { GroupLimits, GroupTree, Placement, VfGroup } from '@gpup/sandbox/cgroup';
import type { Reason } from './control-protocol.ts';
import { logLine } from './log.ts';
import { tellUnconfined } from './unconfined.ts';

/** What the groups of VF processes are held to, but for memory, which is the partition's. */
export interface VfGroups {
  readonly tree: GroupTree;
  /** Null: groups share the processors equally, and each may use all that others leave. */
  readonly processorsMax: number | null;
  /** A VF process that cannot be put into one is ended. */
  readonly areRequired: boolean;
}

/** Node, Dawn, a driver and their compilers, and what their allocators keep of what was freed. */
const BASE_BYTES = 2 ** 30;
/** A context's devices, at most 256, have a thread for each processor on a software GPU; and what Node and a driver have besides. */
const TASK_COUNT_MAX = 1024 + 256 * availableParallelism();

/** What a VF process may have in memory: everything that its budgets allow, video memory twice as it is fragmented (docs/memory.md). */
export function memoryBytesMax({ vramBytes, hostBytes }: { readonly vramBytes: number | null; readonly hostBytes: number | null }): number | null {
  return vramBytes === null || hostBytes === null ? null : BASE_BYTES + 2 * vramBytes + hostBytes;
}

export interface PlaceOptions {
  readonly pid: number;
  readonly name: string;
  /** It may end before it is there, and then nobody needs to hear of it. */
  readonly isEnding: () => boolean;
  /** Where groups are required, and it could not be put into one. */
  readonly kill: (reason: Reason) => void;
}

/** The control group of one VF process. Before it has a guest it is held to what it needs by itself. */
export class VfGroupPlace {
  readonly #groups: VfGroups;
  readonly #group: VfGroup;
  #memoryBytesMax: number | null;

  private constructor(groups: VfGroups, group: VfGroup, memoryBytesMax: number | null) {
    this.#groups = groups;
    this.#group = group;
    this.#memoryBytesMax = memoryBytesMax;
  }

  /** Of a process that has just been started. Null where there are no groups, or it could not be put into one. */
  static begin(groups: VfGroups | null, options: PlaceOptions): VfGroupPlace | null {
    return VfGroupPlace.#of(groups, BASE_BYTES, options, (tree, limits) => tree.place(options.pid, options.name, limits));
  }

  /** Of one that a host before has started. */
  static adopt(groups: VfGroups | null, options: PlaceOptions): VfGroupPlace | null {
    return VfGroupPlace.#of(groups, null, options, (tree, limits) => tree.adopt(options.pid, options.name, limits));
  }

  static #of(groups: VfGroups | null, bytes: number | null, options: PlaceOptions, place: (tree: GroupTree, limits: GroupLimits) => Placement): VfGroupPlace | null {
    if (groups === null) return null;
    try {
      const { group, placed } = place(groups.tree, groupLimits(groups, bytes));
      placed.catch((error: Error) => unplaced(groups, options, error));
      return new VfGroupPlace(groups, group, bytes);
    } catch (error) {
      // Not before whoever asks has been made: it may have to end itself.
      queueMicrotask(() => unplaced(groups, options, error as Error));
      return null;
    }
  }

  limitMemory(bytes: number | null): void {
    this.#memoryBytesMax = bytes;
    limitGroup(this.#group, this.#limits());
  }

  /** Why the kernel has ended the process; null: not for its memory. */
  get complaint(): string | null {
    if (!this.#group.hasRunOut) return null;
    return this.#memoryBytesMax === null ? 'it has used more memory than the machine has' : `it has used more memory than it may (${this.#memoryBytesMax} bytes)`;
  }

  remove(): void {
    this.#group.remove();
  }

  #limits(): GroupLimits {
    return groupLimits(this.#groups, this.#memoryBytesMax);
  }
}

function unplaced({ areRequired }: VfGroups, { isEnding, kill }: PlaceOptions, { message }: Error): void {
  if (isEnding()) return;
  if (areRequired) kill({ code: 'not-isolated', message: `The VF process is in no control group of its own: ${message}.` });
  else tellUnconfined(`a control group (${message})`);
}

function groupLimits({ processorsMax }: VfGroups, memoryBytesMax: number | null): GroupLimits {
  return { memoryBytesMax, processorsMax, taskCountMax: TASK_COUNT_MAX };
}

/** A limit below what is in use is not taken, in version 1: the one before stays. */
function limitGroup(group: VfGroup, limits: GroupLimits): void {
  try {
    group.limit(limits);
  } catch (error) {
    logLine(`A control group does not take its limits: ${(error as Error).message}`);
  }
}
