/** The error and event classes of WebGPU that scripts can construct themselves. */
import * as W from './webidl.ts';

export class GPUError {
  readonly #message: string;

  /** For its kinds alone, which hold the token. */
  constructor(token: unknown = undefined, message: unknown = undefined) {
    W.checkToken(token);
    this.#message = W.toDomString(message);
  }

  get message(): string {
    return this.#message;
  }
}

export class GPUValidationError extends GPUError {
  constructor(message: unknown) {
    W.count(arguments.length, 1, 'GPUValidationError');
    super(W.TOKEN, message);
  }
}

export class GPUOutOfMemoryError extends GPUError {
  constructor(message: unknown) {
    W.count(arguments.length, 1, 'GPUOutOfMemoryError');
    super(W.TOKEN, message);
  }
}

export class GPUInternalError extends GPUError {
  constructor(message: unknown) {
    W.count(arguments.length, 1, 'GPUInternalError');
    super(W.TOKEN, message);
  }
}

const PIPELINE_REASONS: Readonly<Record<string, number>> = Object.assign(Object.create(null), { validation: 1, internal: 2 });

export class GPUPipelineError extends DOMException {
  readonly #reason: string;

  constructor(message: unknown, options: unknown) {
    W.count(arguments.length, 2, 'GPUPipelineError');
    super(message === undefined ? '' : W.toDomString(message), 'GPUPipelineError');
    const reason = W.toDictionary(options, 'options')['reason'];
    if (reason === undefined) W.missing('GPUPipelineErrorInit.reason');
    this.#reason = W.toEnum(reason, PIPELINE_REASONS, 'GPUPipelineErrorReason', 'reason');
  }

  get reason(): string {
    return this.#reason;
  }
}

export class GPUUncapturedErrorEvent extends Event {
  readonly #error: GPUError;

  constructor(type: unknown, init: unknown) {
    W.count(arguments.length, 2, 'GPUUncapturedErrorEvent');
    const dictionary = W.toDictionary(init, 'gpuUncapturedErrorEventInitDict');
    super(W.toDomString(type), init as ConstructorParameters<typeof Event>[1]);
    const error = dictionary['error'];
    if (error === undefined) W.missing('GPUUncapturedErrorEventInit.error');
    if (!(error instanceof GPUError)) W.wrongType('GPUUncapturedErrorEventInit.error', 'GPUError');
    this.#error = error;
  }

  get error(): GPUError {
    return this.#error;
  }
}

export const ERROR_CLASSES = {
  GPUError,
  GPUValidationError,
  GPUOutOfMemoryError,
  GPUInternalError,
  GPUPipelineError,
  GPUUncapturedErrorEvent,
};
for (const [name, face] of Object.entries(ERROR_CLASSES)) W.finishInterface(face, name);

export function makeError(filter: string, message: string): GPUError {
  if (filter === 'out-of-memory') return new GPUOutOfMemoryError(message);
  if (filter === 'internal') return new GPUInternalError(message);
  return new GPUValidationError(message);
}

/** What a request is rejected with, from the name that the host sent. */
export function makeException(name: string, reason: string, message: string): Error {
  if (name === 'TypeError') return new TypeError(message);
  if (name === 'RangeError') return new RangeError(message);
  if (name === 'GPUPipelineError') return new GPUPipelineError(message, { reason });
  return new DOMException(message, name);
}
