import { fstatSync } from 'node:fs';
import { closeDescriptor, createSealedMemfd, type Mapping, mapShared, monotonicAheadMs, sealsOf } from '@gpup/os';
import { ContextSlot } from '../context-slot.ts';
import { pageBytes, SLOT_COUNT_MAX } from '../page-layout.ts';
import { type PageBudgets, PartitionPage } from '../partition-page.ts';

/** A page in memory that the VFs of a partition can be given. */
export interface PageFile {
  readonly page: PartitionPage;
  /** The caller's: to be passed to VFs, and closed with the partition. */
  readonly fd: number;
  /** Lets go of the memory; the page is not to be used afterwards. */
  release(): void;
}

export function createPageFile(name: string, options: PageBudgets & { readonly slotCount: number }): PageFile {
  const sizeBytes = pageBytes(options.slotCount);
  const fd = createSealedMemfd(name, sizeBytes);
  try {
    const mapping = mapShared(fd, sizeBytes);
    return { fd, page: PartitionPage.create(mapping.buffer, options), release: () => mapping.release() };
  } catch (error) {
    closeDescriptor(fd);
    throw error;
  }
}

/** Takes over a page by a descriptor that a VF has kept. Throws, with nothing taken, where it is none. */
export function openPageFile(fd: number, budgets: PageBudgets): PageFile {
  const mapping = mapPage(fd);
  try {
    return { fd, page: PartitionPage.open(mapping.buffer, budgets), release: () => mapping.release() };
  } catch (error) {
    mapping.release();
    throw error;
  }
}

/** A VF's slot. The descriptor stays the caller's; the memory stays mapped as long as the process. */
export function openContextSlot(fd: number, slotIndex: number): ContextSlot {
  return new ContextSlot({ buffer: mapPage(fd).buffer, slotIndex, clockOffsetMs: monotonicAheadMs() });
}

/** A VF that was taken over could send any file: one that it can shrink would end whoever reads it. */
function mapPage(fd: number): Mapping {
  const { size } = fstatSync(fd);
  if (size < pageBytes(1) || size > pageBytes(SLOT_COUNT_MAX)) {
    throw new Error(`A partition page has ${size} bytes, outside of ${pageBytes(1)} to ${pageBytes(SLOT_COUNT_MAX)}.`);
  }
  const { shrink, grow, seal } = sealsOf(fd);
  if (!shrink || !grow || !seal) throw new Error(`A partition page is not sealed (shrink: ${shrink}, grow: ${grow}, seal: ${seal}).`);
  return mapShared(fd, size);
}
