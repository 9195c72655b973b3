/** Anything that the host knows by a handle. */
export interface HandleRef {
  readonly handle: number;
}
