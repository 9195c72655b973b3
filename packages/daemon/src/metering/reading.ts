import { readFileSync } from 'node:fs';
import { monotonicUs } from '@gpup/os';
import type { Tenancy } from '../tenancy.ts';
import type { Reading } from './meter-account.ts';

/** A page's number is its own as long as the machine runs; after that it may be another's. */
const BOOT_ID = bootId();

/** What a tenancy's page says now; undefined: it has none. No VF can say that it holds more than its adapter has. */
export function readingOf({ page, pageId, contexts }: Tenancy, adapterBytes: number): Reading | undefined {
  if (page === null || pageId === null) return undefined;
  return {
    page: `${BOOT_ID}:${pageId}`,
    atUs: Math.floor(monotonicUs()),
    gpuTimeUs: page.gpuTimeUs(),
    vramBytes: Math.min(page.usedBytes(), adapterBytes),
    contextCount: contexts.length,
  };
}

/** Empty where the kernel does not tell. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
