import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { deviceOf } from './device.ts';

type BindingHandlers = Pick<
  Handlers,
  'GPUDevice.createSampler' | 'GPUDevice.createBindGroupLayout' | 'GPUDevice.createPipelineLayout' | 'GPUDevice.createBindGroup'
>;

/** What shaders are given: samplers, layouts, and groups of resources. */
export function bindingHandlers(context: Context): BindingHandlers {
  return {
    'GPUDevice.createSampler'(self, result, descriptor) {
      const device = deviceOf(self);
      context.create(Kind.GPUSampler, result, device, descriptor, () => device.native.createSampler(descriptor));
    },

    'GPUDevice.createBindGroupLayout'(self, result, descriptor) {
      const device = deviceOf(self);
      context.create(Kind.GPUBindGroupLayout, result, device, descriptor, () => device.native.createBindGroupLayout(descriptor));
    },

    'GPUDevice.createPipelineLayout'(self, result, descriptor) {
      const device = deviceOf(self);
      context.create(Kind.GPUPipelineLayout, result, device, descriptor, () => device.native.createPipelineLayout(descriptor));
    },

    'GPUDevice.createBindGroup'(self, result, descriptor) {
      const device = deviceOf(self);
      context.create(Kind.GPUBindGroup, result, device, descriptor, () => device.native.createBindGroup(descriptor));
    },
  };
}
