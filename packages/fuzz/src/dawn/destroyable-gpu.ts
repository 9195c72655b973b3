/// <reference types="@webgpu/types" />

export interface DestroyableGpu {
  readonly gpu: GPU;
  /** Ends all devices that were made since the last time: a VF would end with them. */
  destroyDevices(): void;
}

/** One GPU for many contexts, each of which leaves nothing behind. */
export function destroyableGpu(gpu: GPU): DestroyableGpu {
  let devices: GPUDevice[] = [];
  const wrapped = {
    wgslLanguageFeatures: gpu.wgslLanguageFeatures,
    getPreferredCanvasFormat: () => gpu.getPreferredCanvasFormat(),
    requestAdapter: async (options?: GPURequestAdapterOptions): Promise<object | null> => {
      const adapter = await gpu.requestAdapter(options);
      if (adapter === null) return null;
      const requestDevice = async (descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> => {
        const device = await adapter.requestDevice(descriptor);
        devices.push(device);
        return device;
      };
      return { features: adapter.features, limits: adapter.limits, info: adapter.info, requestDevice };
    },
  };
  return {
    gpu: wrapped as unknown as GPU,
    destroyDevices: () => {
      for (const device of devices) device.destroy();
      devices = [];
    },
  };
}
