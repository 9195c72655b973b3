import { ContextSlot, PartitionPage, pageBytes, type TextureShape, textureBytes } from '@gpup/vidmm';
import * as encode from '@gpup/wire/encode';
import { type Backend, BUFFER_USAGE, TEXTURE_USAGE } from '../backend.ts';
import { clearPass, type Greeted, greeted } from './greeted.ts';
import type { Random } from '@gpup/base/testing';
import { extent } from './scripted-guest.ts';

/** What the process is seen to hold beside what its account says, since the soak began. */
export interface SoakSample {
  /** Recomputed from the objects that live. */
  readonly liveBytes: number;
  readonly peakBytes: number;
  /** Of the context, and of the page. */
  readonly accountBytes: readonly [number, number];
  readonly residentBytes: number;
}

type TextureFormat = Parameters<Greeted['guest']['texture']>[1]['format'] & string;
const FORMATS: readonly TextureFormat[] = ['rgba8unorm', 'rgba16float', 'r8unorm', 'depth32float'];
/** Of the adapter; the soak stays far below. */
const LIMITS = { maxTextureDimension1D: 8192, maxTextureDimension2D: 8192, maxTextureDimension3D: 2048, maxTextureArrayLayers: 256 };
const MIB = 2 ** 20;

export interface SoakOptions {
  readonly budgetBytes: number;
  readonly random: Random;
  /** `large`: nothing below 4 MiB, the size from which Dawn gives an object an allocation of its own. */
  readonly sizes: 'mixed' | 'large';
}

/**
 * A guest that allocates and frees at random, on a partition page, and touches every byte that it gets:
 * a system counts memory from its first write on.
 */
export class AllocationSoak {
  readonly #context: Greeted;
  readonly #page: PartitionPage;
  readonly #random: Random;
  readonly #isLarge: boolean;
  readonly #live: { readonly handle: number; readonly bytes: number }[] = [];
  readonly #startBytes: number;
  refusalCount = 0;

  private constructor(context: Greeted, page: PartitionPage, { random, sizes }: SoakOptions) {
    this.#context = context;
    this.#page = page;
    this.#random = random;
    this.#isLarge = sizes === 'large';
    this.#startBytes = residentBytes();
  }

  static async begin(backend: Backend, options: SoakOptions): Promise<AllocationSoak> {
    const buffer = new SharedArrayBuffer(pageBytes(1));
    const page = PartitionPage.create(buffer, { slotCount: 1, budgetBytes: options.budgetBytes, hostBudgetBytes: undefined });
    const context = await greeted(backend, { slot: new ContextSlot({ buffer, slotIndex: page.allocateSlot(process.pid) as number }) });
    await warmUp(context);
    return new AllocationSoak(context, page, options);
  }

  async step(): Promise<void> {
    if (this.#live.length > 0 && this.#random.below(100) < 35) this.#free();
    else await this.#allocate();
  }

  async freeAll(): Promise<void> {
    while (this.#live.length > 0) this.#free();
    await this.#context.guest.done(this.#context.device);
  }

  /** Waits until the GPU is done, since destroyed memory is there until then. */
  async sample(): Promise<SoakSample> {
    const { guest, device } = this.#context;
    // Dawn gives back what a submit before has used when a later one is done.
    for (let i = 0; i < 3; i++) {
      guest.submit(device);
      await guest.done(device);
    }
    const { vramBytes, vramPeakBytes } = this.#page.usage();
    return {
      liveBytes: this.#live.reduce((sum, { bytes }) => sum + bytes, 0),
      peakBytes: vramPeakBytes,
      accountBytes: [guest.processor.statistics().vramBytes, vramBytes],
      residentBytes: residentBytes() - this.#startBytes,
    };
  }

  #free(): void {
    const [freed] = this.#live.splice(this.#random.below(this.#live.length), 1);
    if (freed !== undefined) this.#context.guest.release(freed.handle);
  }

  async #allocate(): Promise<void> {
    const { guest, device } = this.#context;
    guest.push(device, 'out-of-memory');
    const isBuffer = this.#random.below(2) === 0;
    const { handle, bytes, touch } = isBuffer ? this.#buffer() : this.#texture();
    const popped = await guest.pop(device);
    if (popped.kind !== 'scope') throw new Error(`popErrorScope was answered with ${JSON.stringify(popped)}.`);
    if (popped.filter === null) {
      touch();
      this.#live.push({ handle, bytes });
    } else {
      this.refusalCount++;
      guest.release(handle);
    }
  }

  #buffer(): Allocated {
    const { guest, device } = this.#context;
    const bytes = 4 * (this.#isLarge ? this.#random.between(MIB, 4 * MIB) : 1 + this.#random.skewed(4 * MIB));
    const handle = guest.buffer(device, { size: bytes, usage: BUFFER_USAGE.COPY_DST });
    return { handle, bytes, touch: () => guest.run(device, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle }, 0, bytes)) };
  }

  #texture(): Allocated {
    const { guest, device } = this.#context;
    const shape = this.#shape();
    const { format, width, height, depthOrArrayLayers, mipLevelCount, sampleCount } = shape;
    const size = extent(width, height, depthOrArrayLayers);
    const handle = guest.texture(device, { format: format as TextureFormat, size, mipLevelCount, sampleCount, usage: TEXTURE_USAGE.RENDER_ATTACHMENT });
    const touch = (): void => {
      for (let baseMipLevel = 0; baseMipLevel < mipLevelCount; baseMipLevel++) {
        for (let baseArrayLayer = 0; baseArrayLayer < depthOrArrayLayers; baseArrayLayer++) {
          const view = guest.view(handle, { baseMipLevel, mipLevelCount: 1, baseArrayLayer, arrayLayerCount: 1, dimension: '2d' });
          this.#clear(view, format === 'depth32float');
          guest.release(view);
        }
      }
    };
    return { handle, bytes: textureBytes(shape, LIMITS), touch };
  }

  #shape(): TextureShape {
    const random = this.#random;
    if (this.#isLarge) return { format: 'rgba16float', dimension: '2d', width: random.between(1024, 2048), height: 1024, depthOrArrayLayers: 1, mipLevelCount: 1, sampleCount: 1 };
    const isMultisampled = random.below(4) === 0;
    return {
      format: FORMATS[random.below(FORMATS.length)] as string,
      dimension: '2d',
      width: random.between(16, 1024),
      height: random.between(16, 1024),
      depthOrArrayLayers: isMultisampled ? 1 : random.between(1, 3),
      mipLevelCount: isMultisampled ? 1 : random.between(1, 5),
      sampleCount: isMultisampled ? 4 : 1,
    };
  }

  #clear(view: number, isDepth: boolean): void {
    const { guest, device } = this.#context;
    const depth = { view: { handle: view }, depthClearValue: 0.5, depthLoadOp: 'clear', depthStoreOp: 'store', depthReadOnly: false, stencilClearValue: 0, stencilReadOnly: false } as const;
    const pass = clearPass(view, { r: 0.5, g: 0.5, b: 0.5, a: 0.5 });
    guest.run(device, (w) => {
      encode.recordGPUCommandEncoderBeginRenderPass(w, isDepth ? { ...pass, colorAttachments: [], depthStencilAttachment: depth } : pass);
      encode.recordGPURenderPassEncoderEnd(w);
    });
  }
}

const SLACK_BYTES = 32 * MIB;
/** A process holds its shaders, threads and wrappers besides; a page that nobody has touched is not there. */
const LARGE_SHARE = 0.1;
/** Dawn rounds objects below 4 MiB up to a power of two, and keeps the heaps that it puts them into. */
const SMALL_FACTOR = 2;

/** The stated bound between the account and what the process truly holds: what is wrong, or null. */
export function disagreement({ liveBytes, peakBytes, accountBytes, residentBytes }: SoakSample, sizes: SoakOptions['sizes']): string | null {
  if (accountBytes.some((bytes) => bytes !== liveBytes)) return `The accounts say ${accountBytes.join(' and ')} bytes, ${liveBytes} live.`;
  const leastBytes = liveBytes * (1 - LARGE_SHARE) - SLACK_BYTES;
  const mostBytes = (sizes === 'large' ? liveBytes * (1 + LARGE_SHARE) : peakBytes * SMALL_FACTOR) + SLACK_BYTES;
  if (residentBytes >= leastBytes && residentBytes <= mostBytes) return null;
  return `The process holds ${residentBytes} bytes more than before, outside of ${leastBytes} to ${mostBytes}; ${liveBytes} live.`;
}

interface Allocated {
  readonly handle: number;
  readonly bytes: number;
  /** Writes all of it. */
  readonly touch: () => void;
}

/** Libraries, threads and Dawn's own pools are there before anything is compared. */
async function warmUp({ guest, device }: Greeted): Promise<void> {
  for (let i = 0; i < 20; i++) {
    const handle = guest.buffer(device, { size: 8 * MIB, usage: BUFFER_USAGE.COPY_DST });
    guest.run(device, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle }, 0, 8 * MIB));
    guest.release(handle);
    await guest.done(device);
  }
}

function residentBytes(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().rss;
}
