/** A heap into which the guest writes whenever the host has just taken a view of it. */
export class ScrambledHeap extends Uint8Array {
  static get [Symbol.species](): Uint8ArrayConstructor {
    return Uint8Array;
  }

  onView: () => void = () => {};

  override subarray(begin?: number, end?: number): Uint8Array<ArrayBuffer> {
    const view = super.subarray(begin, end) as Uint8Array<ArrayBuffer>;
    this.onView();
    return view;
  }
}
