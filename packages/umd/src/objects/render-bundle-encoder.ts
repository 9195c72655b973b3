import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { Recorder } from '../recorder.ts';
import type { Device } from './device.ts';
import { RenderBundle } from './plain-objects.ts';
import { RenderCommands } from './render-commands.ts';

export class RenderBundleEncoder extends RenderCommands implements I.GPURenderBundleEncoderImpl {
  readonly #descriptor: T.GPURenderBundleEncoderDescriptor;
  #finished = false;

  constructor(device: Device, descriptor: T.GPURenderBundleEncoderDescriptor) {
    super(device, Recorder.open(), descriptor.label);
    this.#descriptor = descriptor;
    this.recorder.current = this;
  }

  protected refuse(command: string): void {
    if (this.#finished) this.device.injectError('validation', `${command}() was called on a render bundle encoder that is finished.`);
  }

  finish(descriptor: T.GPURenderBundleDescriptor): RenderBundle {
    const bundle = new RenderBundle(this.device, descriptor.label);
    // A second finish() gives an invalid object: an encoder that does nothing but fail.
    const recorder = this.#finished ? Recorder.failed('finish() was called on a render bundle encoder that is finished.') : this.recorder;
    this.#finished = true;
    recorder.limit(this.device.context.link.packetWordsMax);
    encode.encodeGPURenderBundleEncoderFinish(this.device.context.out, this.device.handle, bundle.handle, this.#descriptor, descriptor, {
      words: recorder.words,
      begin: 0,
      end: recorder.length,
    });
    this.device.context.written();
    recorder.retire();
    return bundle;
  }
}
