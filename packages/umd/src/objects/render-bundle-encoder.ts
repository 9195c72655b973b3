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
    super(device, new Recorder(), descriptor.label);
    this.#descriptor = descriptor;
    this.recorder.current = this;
  }

  protected refuse(command: string): void {
    if (this.#finished) this.device.injectError('validation', `${command}() was called on a render bundle encoder that is finished.`);
  }

  finish(descriptor: T.GPURenderBundleDescriptor): RenderBundle {
    const bundle = new RenderBundle(this.device, descriptor.label);
    if (this.#finished) {
      this.recorder.words.reset();
      encode.recordEncoderFail(this.recorder.words, 'finish() was called on a render bundle encoder that is finished.');
    }
    this.#finished = true;
    this.recorder.limit(this.device.context.link.packetWordsMax);
    const { words } = this.recorder;
    encode.encodeGPURenderBundleEncoderFinish(this.device.context.out, this.device.handle, bundle.handle, this.#descriptor, descriptor, {
      words: words.words,
      begin: 0,
      end: words.length,
    });
    this.device.context.written();
    this.recorder.retire();
    return bundle;
  }
}
