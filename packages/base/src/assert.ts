/** Thrown for a bug of ours. Nothing that a guest writes may lead here. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

/** Checks what must hold unless our own code is wrong; the process stops if it does not. */
export function assert(condition: unknown, message = 'invariant violated'): asserts condition {
  if (!condition) throw new AssertionError(message);
}
