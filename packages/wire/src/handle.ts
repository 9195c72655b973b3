/**
 * Handles: a slot index and a generation in one word. The guest allocates them; the host checks that
 * a fresh one names a free slot and that a used one carries the slot's generation, so that a stale
 * handle can never reach a newer object. Handle 0 is nobody.
 */
export const INDEX_BITS = 20;
export const INDEX_MASK = (1 << INDEX_BITS) - 1;
export const GENERATION_MASK = (1 << (32 - INDEX_BITS)) - 1;

export function makeHandle(index: number, generation: number): number {
  return ((generation << INDEX_BITS) | index) >>> 0;
}

export function indexOf(handle: number): number {
  return handle & INDEX_MASK;
}

export function generationOf(handle: number): number {
  return handle >>> INDEX_BITS;
}
