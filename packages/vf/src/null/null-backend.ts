import { DEFAULT_LIMITS } from '@gpup/wire';
import type { Backend } from '../backend.ts';
import { NullDevice } from './null-device.ts';

const MIB = 2 ** 20;

const FEATURES = ['core-features-and-limits', 'timestamp-query', 'depth32float-stencil8', 'indirect-first-instance', 'texture-compression-bc'];

const INFO = { vendor: 'gpup', architecture: 'null', device: '', description: 'no GPU', subgroupMinSize: 4, subgroupMaxSize: 128, isFallbackAdapter: true };

export interface NullBackendOptions {
  /** Bytes of buffers on one device; beyond it buffers are out of memory. */
  readonly memoryBytesMax?: number;
}

/** A backend for tests and fuzzing, and the loss of all its devices at will. */
export interface NullBackend extends Backend {
  loseDevices(message: string): void;
}

/**
 * WebGPU without a GPU: buffers hold bytes, error scopes and promises work, descriptors are checked a
 * little; shaders do nothing and textures are blank. Deterministic: every answer comes in a microtask.
 */
export function nullBackend(options: NullBackendOptions = {}): NullBackend {
  const { memoryBytesMax = 1024 * MIB } = options;
  const devices = new Set<NullDevice>();

  function adapter(): object {
    let isConsumed = false;
    return {
      features: new Set(FEATURES),
      limits: DEFAULT_LIMITS,
      info: INFO,
      async requestDevice(descriptor: GPUDeviceDescriptor = {}): Promise<NullDevice> {
        const { requiredFeatures = [], requiredLimits = {} } = descriptor;
        for (const feature of requiredFeatures) {
          if (!FEATURES.includes(feature)) throw new TypeError(`The feature '${feature}' is not supported.`);
        }
        for (const [name, value] of Object.entries(requiredLimits)) {
          if (!Object.hasOwn(DEFAULT_LIMITS, name) || (value ?? 0) > (DEFAULT_LIMITS[name] as number)) throw new DOMException(`The limit ${name} (${value}) is not supported.`, 'OperationError');
        }
        if (isConsumed) throw new DOMException('The adapter has been used to create a device.', 'OperationError');
        isConsumed = true;
        const device = new NullDevice({ features: requiredFeatures, limits: DEFAULT_LIMITS, memoryBytesMax });
        devices.add(device);
        void device.lost.then(() => devices.delete(device));
        return device;
      },
    };
  }

  const gpu = {
    wgslLanguageFeatures: new Set<string>(),
    getPreferredCanvasFormat: () => 'bgra8unorm',
    requestAdapter: async (request: GPURequestAdapterOptions = {}) => (request.featureLevel === 'core' || request.featureLevel === undefined ? adapter() : null),
  };
  return {
    name: 'null',
    version: '1',
    gpu: gpu as unknown as GPU,
    collectGarbage: null,
    hurry: () => {},
    expect: () => {},
    compact: null,
    loseDevices: (message) => {
      for (const device of devices) device.lose('unknown', message);
    },
  };
}
