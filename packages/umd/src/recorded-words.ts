/** What can be told of recorded commands by looking at their words. */
import { RECORDED } from '@gpup/wire/numbers';

/** The length of a command is in its first word; this value says that the second has it. */
const LONG_FORM = 0xffff;
const FIRST_SAMPLES = 16;
const SPREAD_SAMPLES = 16;

/** A number that tells most sequences of words apart, at the same price however many there are. */
export function fingerprintOf(words: Uint32Array, begin: number, end: number): number {
  const length = end - begin;
  let hash = length;
  const firstEnd = begin + Math.min(FIRST_SAMPLES, length);
  for (let at = begin; at < firstEnd; at++) hash = Math.imul(hash ^ (words[at] as number), 0x01000193);
  const stride = Math.ceil(length / SPREAD_SAMPLES);
  // From the end: what a frame adds last is in it.
  for (let at = end - 1; at >= begin; at -= stride) hash = Math.imul(hash ^ (words[at] as number), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Which argument of a command is the handle of an object, or the list of some. */
const HANDLE_AT = new Map<number, number>([
  [RECORDED['GPURenderCommandsMixin.setPipeline'], 0],
  [RECORDED['GPURenderCommandsMixin.setIndexBuffer'], 0],
  [RECORDED['GPURenderCommandsMixin.setVertexBuffer'], 1],
  [RECORDED['GPURenderCommandsMixin.drawIndirect'], 0],
  [RECORDED['GPURenderCommandsMixin.drawIndexedIndirect'], 0],
  [RECORDED['GPUBindingCommandsMixin.setBindGroup'], 1],
]);
const EXECUTE_BUNDLES = RECORDED['GPURenderPassEncoder.executeBundles'];

/** Every handle that the commands of a render pass name. */
export function handlesIn(words: Uint32Array): Set<number> {
  const handles = new Set<number>();
  for (let at = 0; at < words.length; ) {
    const head = words[at] as number;
    const isLong = head >>> 16 === LONG_FORM;
    const argumentAt = at + (isLong ? 2 : 1);
    at += isLong ? (words[at + 1] as number) : head >>> 16;
    const index = HANDLE_AT.get(head & 0xffff);
    if (index !== undefined) handles.add(words[argumentAt + index] as number);
    if ((head & 0xffff) !== EXECUTE_BUNDLES) continue;
    for (let bundle = argumentAt + 1; bundle < at; bundle++) handles.add(words[bundle] as number);
  }
  // An empty slot is no object.
  handles.delete(0);
  return handles;
}
