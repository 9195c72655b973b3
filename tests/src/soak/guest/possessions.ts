import type { GuestDevice } from './device.ts';
import { NEXT_GENERATION_WGSL, Pattern } from './pattern.ts';

/** Something with a pattern in it that lies in GPU memory. */
export interface Possession {
  readonly bytes: number;
  /** Its next generation, made by the GPU. */
  advance(): void;
  /** Reads all of it back. What is wrong, or null. */
  verify(): Promise<string | null>;
  destroy(): void;
}

const GROUP = 64;
export const PIECE_BYTES = 1 << 20;
const TEXTURE_SIDE = 512;
export const TEXTURE_BYTES = TEXTURE_SIDE * TEXTURE_SIDE * 4;
const SHADER = `
  @group(0) @binding(0) var<storage, read_write> v: array<u32>;
  @compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) { let i = id.x; v[i] = ${NEXT_GENERATION_WGSL}; }`;

/** What all possessions of a guest are made and read by. It has a buffer of one piece. */
export class Workshop {
  readonly gpu: GuestDevice;
  readonly pipeline: GPUComputePipeline;
  readonly #readBack: GPUBuffer;

  private constructor(gpu: GuestDevice, readBack: GPUBuffer) {
    this.gpu = gpu;
    this.#readBack = readBack;
    this.pipeline = gpu.device.createComputePipeline({ layout: 'auto', compute: { module: gpu.device.createShaderModule({ code: SHADER }) } });
  }

  /** Null: there is no room for it. */
  static async open(gpu: GuestDevice): Promise<Workshop | null> {
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const readBack = await gpu.allocate(PIECE_BYTES, () => gpu.device.createBuffer({ label: 'read back', size: PIECE_BYTES, usage }));
    return readBack === null ? null : new Workshop(gpu, readBack);
  }

  /** The words that `copy` puts into the piece. */
  async read(byteCount: number, copy: (encoder: GPUCommandEncoder, target: GPUBuffer) => void): Promise<Uint32Array> {
    const encoder = this.gpu.device.createCommandEncoder();
    copy(encoder, this.#readBack);
    this.gpu.submit(encoder);
    await this.#readBack.mapAsync(GPUMapMode.READ, 0, byteCount);
    const words = new Uint32Array(this.#readBack.getMappedRange(0, byteCount).slice(0));
    this.#readBack.unmap();
    return words;
  }
}

export class PatternBuffer implements Possession {
  readonly bytes: number;
  readonly #workshop: Workshop;
  readonly #buffer: GPUBuffer;
  readonly #bindGroup: GPUBindGroup;
  readonly #pattern: Pattern;

  private constructor(workshop: Workshop, buffer: GPUBuffer, secret: number) {
    this.bytes = buffer.size;
    this.#workshop = workshop;
    this.#buffer = buffer;
    this.#pattern = new Pattern(secret);
    this.#bindGroup = workshop.gpu.device.createBindGroup({ layout: workshop.pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
    for (let offset = 0; offset < this.bytes; offset += PIECE_BYTES) {
      workshop.gpu.device.queue.writeBuffer(buffer, offset, this.#pattern.words(offset / 4, Math.min(PIECE_BYTES, this.bytes - offset) / 4));
    }
  }

  static async open(workshop: Workshop, { bytes, secret }: { readonly bytes: number; readonly secret: number }): Promise<PatternBuffer | null> {
    const { gpu } = workshop;
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = await gpu.allocate(bytes, () => gpu.device.createBuffer({ label: `secret ${secret}`, size: bytes, usage }));
    return buffer === null ? null : new PatternBuffer(workshop, buffer, secret);
  }

  advance(): void {
    const { gpu, pipeline } = this.#workshop;
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.#bindGroup);
    pass.dispatchWorkgroups(this.bytes / 4 / GROUP);
    pass.end();
    gpu.submit(encoder);
    this.#pattern.advance();
  }

  async verify(): Promise<string | null> {
    for (let offset = 0; offset < this.bytes; offset += PIECE_BYTES) {
      const byteCount = Math.min(PIECE_BYTES, this.bytes - offset);
      const words = await this.#workshop.read(byteCount, (encoder, target) => encoder.copyBufferToBuffer(this.#buffer, offset, target, 0, byteCount));
      const complaint = this.#pattern.complaint(words, offset / 4);
      if (complaint !== null) return `${this.#buffer.label}: ${complaint}`;
    }
    return null;
  }

  /** Changes one word without taking note of it. */
  spoil(): void {
    this.#workshop.gpu.device.queue.writeBuffer(this.#buffer, 0, Uint32Array.of(~this.#pattern.word(0)));
  }

  destroy(): void {
    this.#workshop.gpu.release(this.bytes, this.#buffer);
  }
}

export class PatternTexture implements Possession {
  readonly bytes = TEXTURE_BYTES;
  readonly #workshop: Workshop;
  readonly #texture: GPUTexture;
  readonly #pattern: Pattern;

  private constructor(workshop: Workshop, texture: GPUTexture, secret: number) {
    this.#workshop = workshop;
    this.#texture = texture;
    this.#pattern = new Pattern(secret);
    this.#write();
  }

  static async open(workshop: Workshop, secret: number): Promise<PatternTexture | null> {
    const { gpu } = workshop;
    const usage = GPUTextureUsage.COPY_SRC | GPUTextureUsage.COPY_DST;
    const texture = await gpu.allocate(TEXTURE_BYTES, () => gpu.device.createTexture({ label: `texture ${secret}`, size: [TEXTURE_SIDE, TEXTURE_SIDE], format: 'rgba8unorm', usage }));
    return texture === null ? null : new PatternTexture(workshop, texture, secret);
  }

  advance(): void {
    this.#pattern.advance();
    this.#write();
  }

  async verify(): Promise<string | null> {
    const words = await this.#workshop.read(TEXTURE_BYTES, (encoder, buffer) => {
      encoder.copyTextureToBuffer({ texture: this.#texture }, { buffer, bytesPerRow: TEXTURE_SIDE * 4 }, [TEXTURE_SIDE, TEXTURE_SIDE]);
    });
    const complaint = this.#pattern.complaint(words, 0);
    return complaint === null ? null : `${this.#texture.label}: ${complaint}`;
  }

  destroy(): void {
    this.#workshop.gpu.release(this.bytes, this.#texture);
  }

  #write(): void {
    const texels = this.#pattern.words(0, TEXTURE_BYTES / 4);
    this.#workshop.gpu.device.queue.writeTexture({ texture: this.#texture }, texels, { bytesPerRow: TEXTURE_SIDE * 4 }, [TEXTURE_SIDE, TEXTURE_SIDE]);
  }
}
