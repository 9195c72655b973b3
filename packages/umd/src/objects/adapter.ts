import * as encode from '@gpup/wire/encode';
import type { Context } from '../context.ts';
import { makeException } from '../errors.ts';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { isBetter, type LimitValues, makeLimits } from '../limits.ts';
import { Device } from './device.ts';
import { NameSet } from './name-set.ts';

export interface InfoJson {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly isFallbackAdapter: boolean;
}

/** What the host says of an adapter or a device. */
export interface AdapterJson {
  readonly features: readonly string[];
  readonly limits: LimitValues;
  readonly info: InfoJson;
}

export class AdapterInfo implements I.GPUAdapterInfoImpl {
  wrapper: object | undefined = undefined;
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  readonly subgroupMinSize: number;
  readonly subgroupMaxSize: number;
  readonly isFallbackAdapter: boolean;

  constructor(json: InfoJson) {
    this.vendor = json.vendor;
    this.architecture = json.architecture;
    this.device = json.device;
    this.description = json.description;
    this.subgroupMinSize = json.subgroupMinSize;
    this.subgroupMaxSize = json.subgroupMaxSize;
    this.isFallbackAdapter = json.isFallbackAdapter;
  }
}

/** As for devices: adapters are counted on the host, so dropped ones must be found soon. */
const ADAPTER_BYTES = 1 << 20;

export class Adapter implements I.GPUAdapterImpl {
  wrapper: object | undefined = undefined;
  readonly handle: number;
  readonly features: NameSet;
  readonly limits: object;
  readonly info: AdapterInfo;
  readonly #limitValues: LimitValues;
  readonly #context: Context;
  lease: number;
  /** An adapter gives one device; after that it has expired. */
  #consumed = false;

  constructor(context: Context, handle: number, json: AdapterJson) {
    this.#context = context;
    this.handle = handle;
    this.lease = context.lease(this, handle, ADAPTER_BYTES);
    this.features = new NameSet(json.features);
    this.#limitValues = json.limits;
    this.limits = makeLimits(json.limits);
    this.info = new AdapterInfo(json.info);
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpuadapter-requestdevice */
  async requestDevice(descriptor: T.GPUDeviceDescriptor): Promise<Device> {
    for (const feature of descriptor.requiredFeatures) {
      if (!this.features.has(feature)) throw new TypeError(`The adapter does not support the feature '${feature}'.`);
    }
    for (const [name, value] of descriptor.requiredLimits) this.#checkLimit(name, value);
    if (this.#consumed) {
      throw new DOMException('The adapter has already been used to create a device.', 'OperationError');
    }
    this.#consumed = true;
    return this.#createDevice(descriptor);
  }

  #checkLimit(name: string, value: number): void {
    const supported = Object.hasOwn(this.#limitValues, name) ? this.#limitValues[name] : undefined;
    if (supported === undefined) throw new DOMException(`'${name}' is not the name of a limit.`, 'OperationError');
    if (isBetter(name, value, supported)) {
      throw new DOMException(`The required limit ${name} (${value}) is better than the supported limit (${supported}).`, 'OperationError');
    }
    if (name.startsWith('min') && (value >= 2 ** 31 || Math.log2(value) % 1 !== 0)) {
      throw new DOMException(`The required limit ${name} (${value}) is not a power of two below 2^31.`, 'OperationError');
    }
  }

  #createDevice(descriptor: T.GPUDeviceDescriptor): Promise<Device> {
    const context = this.#context;
    return new Promise((resolve, reject) => {
      const handle = context.allocateHandle();
      const queue = context.allocateHandle();
      const make = (json: AdapterJson): Device => new Device({ context, handle, queue, descriptor, json });
      const request = context.request({
        json: (text) => resolve(make(JSON.parse(text) as AdapterJson)),
        error: (name, reason, message) => reject(makeException(name, reason, message)),
        // The specification returns a device that is lost from the start.
        lost: (message) => {
          const device = make({ features: descriptor.requiredFeatures, limits: this.#limitValues, info: this.info });
          device.deviceLost('unknown', message);
          resolve(device);
        },
      });
      encode.encodeGPUAdapterRequestDevice(context.out, this.handle, request, handle, queue, descriptor);
      // It has given its one device: the host need not keep it.
      context.release(this.lease);
      context.sent(request);
    });
  }
}
