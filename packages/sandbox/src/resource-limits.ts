import { nativeMemory, systemCall } from '@gpup/os';
import { ownCallNumber } from './call-numbers.ts';

// From <asm-generic/resource.h>, equal on x64 and arm64.
const RESOURCES = { FSIZE: 1, CORE: 4, NOFILE: 7, MSGQUEUE: 12, NICE: 13, RTPRIO: 14 } as const;

export interface VfLimits {
  readonly openFilesMax: number;
  readonly fileBytesMax: number;
}

/** Of the whole process. What is lower already stays. */
export function limitResources({ openFilesMax, fileBytesMax }: VfLimits): void {
  // One byte and not none: of a dump that goes to a program and not to a file, the kernel minds no other limit.
  lowerLimit(RESOURCES.CORE, 1);
  limitOpenFiles(openFilesMax);
  limitFileBytes(fileBytesMax);
  lowerLimit(RESOURCES.MSGQUEUE, 0);
  lowerLimit(RESOURCES.NICE, 0);
  lowerLimit(RESOURCES.RTPRIO, 0);
}

/** Also of memory files. A write beyond it fails (EFBIG). */
export function limitFileBytes(fileBytesMax: number): void {
  lowerLimit(RESOURCES.FSIZE, fileBytesMax);
}

/** What is open stays. Also bounds what this process sends over sockets and nobody has read: see `RLIMIT_NOFILE` in call-rules.ts. */
export function limitOpenFiles(openFilesMax: number): void {
  lowerLimit(RESOURCES.NOFILE, openFilesMax);
}

function lowerLimit(resource: number, max: number): void {
  const limit = nativeMemory(16);
  const call = ownCallNumber('prlimit64');
  systemCall('prlimit64', call, 0, resource, 0, limit.address);
  const wanted = BigInt(max);
  for (const at of [0, 8]) {
    const now = limit.fields.getBigUint64(at, true);
    limit.fields.setBigUint64(at, now < wanted ? now : wanted, true);
  }
  systemCall('prlimit64', call, 0, resource, limit.address, 0);
}
