import { querySetBytes } from '@gpup/vidmm';
import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { deviceOf } from './device.ts';

type QuerySetHandlers = Pick<Handlers, 'GPUDevice.createQuerySet' | 'GPUQuerySet.destroy'>;

export function querySetHandlers(context: Context): QuerySetHandlers {
  return {
    'GPUDevice.createQuerySet'(self, result, descriptor) {
      const device = deviceOf(self);
      const vramBytes = device.isLost ? 0 : querySetBytes(descriptor.count);
      if (!context.videoMemory.reserve(vramBytes)) {
        const message = context.videoMemory.refusal(`Query set of ${descriptor.count} queries`, vramBytes);
        context.refuse(Kind.GPUQuerySet, result, device, descriptor, { filter: 'out-of-memory', message });
        return;
      }
      const known = context.create(Kind.GPUQuerySet, result, device, descriptor, () => device.native.createQuerySet(descriptor));
      context.charge(known, { vramBytes });
    },

    'GPUQuerySet.destroy'(self) {
      context.dropMemory(self);
    },
  };
}
