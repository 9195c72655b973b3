/** Packets that a guest driver sent in one context, from its greeting on. */
export interface Trace {
  readonly name: string;
  readonly packets: readonly Uint32Array[];
}
