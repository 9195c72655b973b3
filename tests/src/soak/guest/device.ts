import { createRequire } from 'node:module';
import { PROVIDER_PATH } from '@gpup/guest';

export interface Provider {
  create(flags: readonly string[]): GPU;
  readonly globals: object;
  callEscape(gpu: object, name: string, request?: object): Promise<Readonly<Record<string, number | string | null>>>;
}

export const provider = createRequire(import.meta.url)(PROVIDER_PATH) as Provider;
Object.assign(globalThis, provider.globals);

/** What a guest has of the GPU, and what it has done with it so far. */
export class GuestDevice {
  readonly device: GPUDevice;
  vramBytes = 0;
  submitCount = 0;

  constructor(device: GPUDevice) {
    this.device = device;
  }

  submit(encoder: GPUCommandEncoder): void {
    this.device.queue.submit([encoder.finish()]);
    this.submitCount += 1;
  }

  /** Null: there is no room for it. */
  async allocate<Made extends GPUBuffer | GPUTexture>(bytes: number, make: () => Made): Promise<Made | null> {
    this.device.pushErrorScope('out-of-memory');
    const made = make();
    if ((await this.device.popErrorScope()) !== null) return null;
    this.vramBytes += bytes;
    return made;
  }

  release(bytes: number, what: GPUBuffer | GPUTexture): void {
    what.destroy();
    this.vramBytes -= bytes;
  }
}
