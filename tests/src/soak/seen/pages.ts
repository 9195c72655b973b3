import { closeSync, openSync, readFileSync, readSync, readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../scene/place.ts';

/** A context's slot on its partition's page, as its VF has written it. */
export interface SeenSlot {
  readonly vfPid: number;
  readonly vramBytes: number;
  readonly hostBytes: number;
  readonly submitCount: number;
  readonly completedCount: number;
}

export interface SeenPage {
  readonly budgetBytes: number;
  readonly hostBudgetBytes: number;
  /** Those that somebody has. */
  readonly slots: readonly SeenSlot[];
}

/** Where things are on a page (packages/vidmm/src/page-layout.ts), said once more: this is to find out where the code there is wrong. */
const RECORD_WORDS = 128;
const BUDGET_WORD = 2;
const HOST_BUDGET_WORD = 3;
const SLOT = { vfPid: 0, submitCount: 3, completedCount: 4, vramBytes: 16, hostBytes: 17 } as const;
const FIRST_SLOT = 2;

/** The daemon's pages, by the partition or adapter whose record names the file. */
export function pagesOf(daemonPid: number, runtimeDirectory: string): ReadonlyMap<Place, SeenPage> {
  const places = new Map(recordsIn(runtimeDirectory));
  const pages = new Map<Place, SeenPage>();
  for (const path of memoryFilesOf(daemonPid)) {
    const { dev, ino } = statSync(path);
    const place = places.get(`${dev}:${ino}`);
    if (place !== undefined) pages.set(place, decodePage(bytesOf(path)));
  }
  return pages;
}

function recordsIn(runtimeDirectory: string): (readonly [string, Place])[] {
  return ['partitions', 'adapters'].flatMap((folder) => {
    const names = readdirSync(join(runtimeDirectory, folder)).filter((name) => name.endsWith('.page'));
    return names.map((name) => [readFileSync(join(runtimeDirectory, folder, name), 'utf8'), name.slice(0, -'.page'.length)] as const);
  });
}

function memoryFilesOf(pid: number): string[] {
  const paths = readdirSync(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`);
  return paths.filter((path) => {
    try {
      return readlinkSync(path).startsWith('/memfd:gpup-page');
    } catch {
      return false;
    }
  });
}

/** From its start, whatever the position of a descriptor is that others have: this one is opened anew. */
function bytesOf(path: string): ArrayBuffer {
  const { size } = statSync(path);
  const bytes = new Uint8Array(size);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, bytes, 0, size, 0);
  } finally {
    closeSync(fd);
  }
  return bytes.buffer;
}

export function decodePage(buffer: ArrayBuffer): SeenPage {
  const big = new BigInt64Array(buffer);
  const float = new Float64Array(buffer);
  const slots: SeenSlot[] = [];
  for (let base = FIRST_SLOT * RECORD_WORDS; base + RECORD_WORDS <= big.length; base += RECORD_WORDS) {
    const slot = {
      vfPid: float[base + SLOT.vfPid] as number,
      vramBytes: Number(big[base + SLOT.vramBytes]),
      hostBytes: Number(big[base + SLOT.hostBytes]),
      submitCount: float[base + SLOT.submitCount] as number,
      completedCount: float[base + SLOT.completedCount] as number,
    };
    // Memory that stands in nobody's slot is just what is looked for.
    if (slot.vfPid !== 0 || slot.vramBytes !== 0 || slot.hostBytes !== 0) slots.push(slot);
  }
  return { budgetBytes: Number(big[BUDGET_WORD]), hostBudgetBytes: Number(big[HOST_BUDGET_WORD]), slots };
}
