import { describeError } from '../backend.ts';
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

  return {
    'GPUCommandEncoder.finish'(self, result, encoderDescriptor, descriptor, commands) {
      const device = deviceOf(self);
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
