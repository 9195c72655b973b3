import type { WordRange } from '@gpup/wire';
import { describeError, NOT_COMPACT, OwnedCommandBuffer } from '../backend.ts';
import type { Context } from '../context.ts';
import type { DeviceState } from '../device-state.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { PASS_BYTES } from '../host-cost.ts';
import { deviceOf } from './device.ts';
import { Recording } from './recording.ts';

type EncoderHandlers = Pick<Handlers, 'GPUCommandEncoder.finish' | 'GPUDevice.createRenderBundleEncoder' | 'GPURenderBundleEncoder.finish'>;

/** Encoders live in the guest: a packet brings all that was recorded on one. */
export function encoderHandlers(context: Context): EncoderHandlers {
  const recording = new Recording(context.recordedReader, context.limits.passCountMax);

  /** `failure`: why the encoder is invalid where the implementation does not know. */
  function finish<N>(kind: number, result: number, device: DeviceState, descriptor: { readonly label?: string }, failure: string | null, make: () => N): void {
    // The wrappers of the encoder and of its passes are left to the collector.
    context.garbage.add(1 + recording.passCount, 0);
    if (failure === null) {
      const known = context.create(kind, result, device, descriptor, make);
      context.chargeHost(known, recording.passCount * PASS_BYTES);
      return;
    }
    // Finishing reports what the implementation objects to; one error is reported, and it is ours.
    device.scopes.swallow(make);
    context.refuse(kind, result, device, descriptor, { filter: 'validation', message: failure });
  }

  /** The shorter way, for commands that can take it. False: nothing has been done. */
  function finishCompactly(result: number, device: DeviceState, descriptor: GPUCommandBufferDescriptor, commands: WordRange): boolean {
    const { compact } = context.backend;
    if (compact === null || commands.begin >= commands.end) return false;
    const firstCommand = (commands.words[commands.begin] as number) & 0xffff;
    const encoder = compact.open(device.native, firstCommand, device.uncaptured);
    if (encoder === null) return false;
    let failure: string | null;
    try {
      failure = recording.playCommands(device, encoder as unknown as GPUCommandEncoder, commands);
    } catch (error) {
      encoder.discard();
      if (error !== NOT_COMPACT) throw error;
      recording.abandon();
      compact.missed();
      return false;
    }
    if (failure === null) {
      const known = context.create(Kind.GPUCommandBuffer, result, device, descriptor, () => encoder.finish());
      // While the journal is played back, one that was refused is not finished.
      encoder.discard();
      context.chargeHost(known, recording.passCount * PASS_BYTES);
      return true;
    }
    const made = device.scopes.swallow(() => encoder.finish());
    if (made instanceof OwnedCommandBuffer) made.release();
    context.refuse(Kind.GPUCommandBuffer, result, device, descriptor, { filter: 'validation', message: failure });
    return true;
  }

  return {
    'GPUCommandEncoder.finish'(self, result, encoderDescriptor, descriptor, commands) {
      const device = deviceOf(self);
      // Labels are for messages, and the shorter way has none.
      const isUnlabelled = (encoderDescriptor.label ?? '') === '' && (descriptor.label ?? '') === '';
      if (isUnlabelled && finishCompactly(result, device, descriptor, commands)) return;
      const encoder = device.native.createCommandEncoder(encoderDescriptor);
      const failure = recording.playCommands(device, encoder, commands);
      finish(Kind.GPUCommandBuffer, result, device, descriptor, failure, () => encoder.finish(descriptor));
    },

    // The encoder itself is made when it finishes; what is wrong with its descriptor is reported now.
    'GPUDevice.createRenderBundleEncoder'(self, descriptor) {
      context.garbage.add(1, 0);
      try {
        self.native.createRenderBundleEncoder(descriptor);
      } catch (error) {
        deviceOf(self).scopes.raise('validation', describeError(error).message);
      }
    },

    'GPURenderBundleEncoder.finish'(self, result, encoderDescriptor, descriptor, commands) {
      const device = deviceOf(self);
      let encoder: GPURenderBundleEncoder;
      try {
        encoder = device.scopes.swallow(() => device.native.createRenderBundleEncoder(encoderDescriptor));
      } catch (error) {
        context.create(Kind.GPURenderBundle, result, device, descriptor, () => {
          throw error;
        });
        return;
      }
      const failure = recording.playBundle(encoder, commands);
      finish(Kind.GPURenderBundle, result, device, descriptor, failure, () => encoder.finish(descriptor));
    },
  };
}
