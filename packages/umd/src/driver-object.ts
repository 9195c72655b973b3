/** What every driver object shares: who knows it by which handle, and the wrapper a program sees. */
export type BufferSource = ArrayBufferView | ArrayBufferLike;

export interface DriverObject {
  /** The instance of the interface class that stands for this object, made on first need. */
  wrapper: object | undefined;
}
