import type { Context } from '../context.ts';
import type { DeviceState } from '../device-state.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import type { Known } from '../object-table.ts';
import { assert } from '@gpup/base';

type DeviceHandlers = Pick<
  Handlers,
  'GPUDevice.destroy' | 'GPUDevice.pushErrorScope' | 'GPUDevice.popErrorScope' | 'GPUDevice.injectError'
>;

/** The device of any object but an adapter. */
export function deviceOf(known: Known): DeviceState {
  assert(known.device !== null);
  return known.device;
}

export function deviceHandlers(context: Context): DeviceHandlers {
  const { replies } = context;
  return {
    'GPUDevice.destroy'(self) {
      const device = deviceOf(self);
      context.deviceLost(device);
      device.native.destroy();
    },

    'GPUDevice.pushErrorScope'(self, filter) {
      deviceOf(self).scopes.push(filter);
    },

    'GPUDevice.popErrorScope'(self, request) {
      replies.expect();
      const result = deviceOf(self).scopes.pop();
      if (result === null) {
        replies.error(request, { name: 'OperationError', message: 'No error scopes to pop.' });
        return;
      }
      context.backend.hurry();
      context.settle(
        result,
        (caught) => replies.scope(request, caught),
        () => assert(false, 'popErrorScope rejected'),
      );
    },

    'GPUDevice.injectError'(device, filter, message) {
      deviceOf(device).scopes.raise(filter, message);
    },
  };
}
