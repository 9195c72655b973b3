import type { Context } from '../context.ts';
import type * as I from '../generated/impl.gen.ts';
import { RECORDING_BYTES, tellLabel } from './host-object.ts';

/**
 * What an encoder has finished. A program makes one a frame, so it does not share the constructor of other objects of the
 * host: where V8 sees many kinds it looks for the place of each field anew, and in a program that sleeps between its frames
 * nothing of what it looks at is in a cache.
 */
export class CommandBuffer implements I.GPUCommandBufferImpl {
  wrapper: object | undefined;
  readonly handle: number;
  lease: number;
  readonly #context: Context;
  #label: string;

  constructor(context: Context, label: string) {
    const handle = context.allocateHandle();
    this.wrapper = undefined;
    this.handle = handle;
    this.lease = context.lease(this, handle, RECORDING_BYTES);
    this.#context = context;
    this.#label = label;
  }

  get label(): string {
    return this.#label;
  }

  set label(label: string) {
    this.#label = label;
    tellLabel(this.#context, this, label);
  }
}
