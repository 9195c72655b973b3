import type { VfAssignment } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';

/** A place in a partition's page. The descriptor is the partition's. */
export interface PagePlace {
  readonly fd: number;
  readonly slotIndex: number;
}

/** What a context is told, but for what its guest chooses and its VF process has. */
export interface ContextSettings extends Omit<VfAssignment, 'transport' | 'survival' | 'page' | 'captures'> {
  /** A file that everything is kept in, or null. */
  readonly capturePath: string | null;
}

/** What a partition gives to one context. */
export interface Grant {
  /** As the partition is at the moment, so asked for when it is handed over. The transport is the guest's choice. */
  assignment(): ContextSettings;
  /** The place of the context with this VF process, instead of an earlier one; null in a partition without a page. */
  place(vfPid: number): PagePlace | null;
  /** Of all the memory of its VF process; null: no limit. */
  memoryBytesMax(): number | null;
  /** Called once, when nothing is left of the context. */
  release(): void;
}

export function isGrant(answer: Grant | Reason): answer is Grant {
  return 'release' in answer;
}
