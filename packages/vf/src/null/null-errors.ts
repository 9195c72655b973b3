/** The standard's error classes, as an implementation has them: the names are all that callers go by. */
class GPUError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}
class GPUValidationError extends GPUError {}
class GPUOutOfMemoryError extends GPUError {}
class GPUInternalError extends GPUError {}

export type NullError = GPUError;

export function makeError(filter: GPUErrorFilter, message: string): NullError {
  switch (filter) {
    case 'validation':
      return new GPUValidationError(message);
    case 'out-of-memory':
      return new GPUOutOfMemoryError(message);
    case 'internal':
      return new GPUInternalError(message);
  }
}

export class GPUPipelineError extends DOMException {
  readonly reason: GPUPipelineErrorReason;
  constructor(message: string, reason: GPUPipelineErrorReason) {
    super(message, 'GPUPipelineError');
    this.reason = reason;
  }
}
