/// <reference types="@webgpu/types" />

import { GuestFault } from '@gpup/base';

/**
 * A WebGPU implementation that commands are executed on. The command processor calls the standard API
 * and nothing else; whatever an implementation cannot do, it reports as WebGPU reports it.
 *
 * Implementations are called on one thread, never wait, and own what they are given only for the call.
 */
export interface Backend {
  /** Told to guests and written into logs. */
  readonly name: string;
  readonly version: string;
  /** Pinned for the life of the VF. */
  readonly gpu: GPU;
  /**
   * Runs a full collection, where the implementation frees what it holds by garbage collection alone,
   * and calls `collected` later, when it has dropped what was found; null where nothing depends on that.
   */
  readonly collectGarbage: ((collected: () => void) => void) | null;
  /** The guest waits for the answer to a request that has just been made or is about to be. */
  readonly hurry: () => void;
  /** The completion of submitted work that was asked for just now is not expected within so many milliseconds. */
  readonly expect: (quietMs: number) => void;
  /** A shorter way for some command buffers; null where there is none. */
  readonly compact: CompactCommands | null;
}

/** What is told of errors that no scope has caught. */
type Uncaptured = (filter: GPUErrorFilter, message: string) => void;

/** A way past the standard API for command buffers of compute passes and of copies between buffers. */
export interface CompactCommands {
  /** Null where commands that begin with this one are not for it. Whoever opens an encoder finishes or discards it before the next. */
  open(device: GPUDevice, firstCommand: number, uncaptured: Uncaptured): CompactEncoder | null;
  /** Commands that were begun turned out to be not for it. */
  missed(): void;
  /** As GPUQueue.submit, for buffers of either way. */
  submit(queue: GPUQueue, work: { readonly device: GPUDevice; readonly buffers: readonly GPUCommandBuffer[]; readonly uncaptured: Uncaptured }): void;
}

/** Has the face of a command encoder; what it cannot record throws NOT_COMPACT. */
export interface CompactEncoder {
  /** Ends the encoder. */
  finish(): GPUCommandBuffer;
  discard(): void;
}

/** Not an error: what was begun is to be recorded by the standard API. */
export const NOT_COMPACT: unique symbol = Symbol('not compact');

/** A command buffer that no collector frees. */
export abstract class OwnedCommandBuffer {
  abstract release(): void;
}

/** The flags of the specification; the API's namespaces exist only where an implementation installs them. */
export const BUFFER_USAGE = {
  MAP_READ: 0x1,
  MAP_WRITE: 0x2,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  INDEX: 0x10,
  VERTEX: 0x20,
  UNIFORM: 0x40,
  STORAGE: 0x80,
  INDIRECT: 0x100,
  QUERY_RESOLVE: 0x200,
} as const;

export const TEXTURE_USAGE = {
  COPY_SRC: 0x1,
  COPY_DST: 0x2,
  TEXTURE_BINDING: 0x4,
  STORAGE_BINDING: 0x8,
  RENDER_ATTACHMENT: 0x10,
  TRANSIENT_ATTACHMENT: 0x20,
} as const;

export const MAP_MODE = { READ: 1, WRITE: 2 } as const;

/** The scope that an error belongs into: implementations have classes of their own, named by the standard. */
export function filterOf(error: object): GPUErrorFilter {
  switch (error.constructor.name) {
    case 'GPUOutOfMemoryError':
      return 'out-of-memory';
    case 'GPUInternalError':
      return 'internal';
    default:
      return 'validation';
  }
}

/** What a rejected promise or a thrown exception says, fit to be sent to a guest. */
export function describeError(error: unknown): { readonly name: string; readonly message: string } {
  if (error instanceof GuestFault) throw error;
  if (typeof error !== 'object' || error === null) return { name: 'OperationError', message: String(error) };
  const { name, message } = error as { name?: unknown; message?: unknown };
  return {
    name: typeof name === 'string' && name !== 'Error' ? name : 'OperationError',
    message: typeof message === 'string' ? message : '',
  };
}
