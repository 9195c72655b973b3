/** Handles of one context: free slots are reused with the next generation. */
import { handles } from '@gpup/wire';
import { WIRE_LIMITS } from '@gpup/wire';

export class HandleAllocator {
  readonly #generations: number[] = [0];
  readonly #free: number[] = [];

  /** Returns 0 when every slot is taken. */
  allocate(): number {
    const index = this.#free.pop() ?? this.#generations.length;
    if (index >= WIRE_LIMITS.objectCountMax) return 0;
    const generation = this.#generations[index] ?? 0;
    this.#generations[index] = generation;
    return handles.makeHandle(index, generation);
  }

  release(handle: number): void {
    const index = handles.indexOf(handle);
    this.#generations[index] = (handles.generationOf(handle) + 1) & handles.GENERATION_MASK;
    this.#free.push(index);
  }

  get liveCount(): number {
    return this.#generations.length - 1 - this.#free.length;
  }
}
