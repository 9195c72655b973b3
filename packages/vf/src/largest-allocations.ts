import { type LabelledBytes, largest } from '@gpup/vidmm';
import { Kind } from './generated/kinds.gen.ts';
import type { Known, ObjectTable } from './object-table.ts';

/** Labels are shown to people, and a guest's may be long. */
const LABEL_CHARACTERS_MAX = 128;

const KINDS: ReadonlyMap<number, LabelledBytes['kind']> = new Map([
  [Kind.GPUBuffer, 'buffer'],
  [Kind.GPUTexture, 'texture'],
  [Kind.GPUQuerySet, 'query-set'],
]);

const bytesOf = ({ vramBytes, stagingBytes }: Known): number => vramBytes + stagingBytes;

/** Looks through the whole table: for questions that people ask, not for every allocation. */
export function largestAllocations(table: ObjectTable, countMax: number): LabelledBytes[] {
  return largest(table.all(), countMax, bytesOf)
    .filter((known) => bytesOf(known) > 0)
    .map((known) => ({ label: known.label.slice(0, LABEL_CHARACTERS_MAX), kind: KINDS.get(known.kind) as LabelledBytes['kind'], bytes: bytesOf(known) }));
}
