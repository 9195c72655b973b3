/** Of no object: nothing is held under it. */
export const NO_LEASE = 0;

/**
 * What the host holds for the objects of one context, by numbers that finalizers can carry: an object
 * for each would be one more for the collector to move. A lease outlives its handle, which may name
 * another object long before the finalizer of the first one runs.
 */
export class LeaseTable {
  /** 0 once the host holds nothing under the handle any more. */
  readonly #handles: number[] = [0];
  readonly #byteLengths: number[] = [0];
  readonly #free: number[] = [];

  open(handle: number, byteLength: number): number {
    const lease = this.#free.pop() ?? this.#handles.length;
    this.#handles[lease] = handle;
    this.#byteLengths[lease] = byteLength;
    return lease;
  }

  handleOf(lease: number): number {
    return this.#handles[lease] as number;
  }

  byteLengthOf(lease: number): number {
    return this.#byteLengths[lease] as number;
  }

  /** The object lives on without its memory. */
  empty(lease: number): void {
    this.#byteLengths[lease] = 0;
  }

  /** The host has dropped the object, or will. */
  end(lease: number): void {
    this.#handles[lease] = 0;
  }

  /** Nobody will name the lease again. */
  close(lease: number): void {
    this.#free.push(lease);
  }

  get openCount(): number {
    return this.#handles.length - 1 - this.#free.length;
  }
}
