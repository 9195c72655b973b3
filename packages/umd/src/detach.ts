/** Detaches an ordinary ArrayBuffer: its byteLength is 0 afterwards and its memory is free. */
export function detach(buffer: ArrayBuffer): void {
  if (buffer.detached === true || buffer.byteLength === 0) return;
  if (typeof buffer.transfer === 'function') buffer.transfer(0);
  else structuredClone(buffer, { transfer: [buffer] });
}
