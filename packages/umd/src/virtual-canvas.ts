/** A canvas without a window: its WebGPU context presents into memory, which can be read as pixels or PNG. */
import { CanvasContext } from './objects/canvas-context.ts';
import { encodePng } from './png.ts';

export class VirtualCanvas {
  #width: number;
  #height: number;
  #context: CanvasContext | null = null;

  constructor(width = 300, height = 150) {
    this.#width = width >>> 0;
    this.#height = height >>> 0;
  }

  get width(): number {
    return this.#width;
  }

  set width(value: number) {
    this.#width = value >>> 0;
    this.#context?.resized();
  }

  get height(): number {
    return this.#height;
  }

  set height(value: number) {
    this.#height = value >>> 0;
    this.#context?.resized();
  }

  /** Only 'webgpu' exists; any other context type gives null, as on a canvas that already has another. */
  getContext(type: string): object | null {
    if (type !== 'webgpu') return null;
    this.#context ??= new CanvasContext(this);
    return this.#context.present();
  }

  /** The current texture's content as RGBA rows from the top, not premultiplied. */
  async readPixels(): Promise<{ readonly width: number; readonly height: number; readonly data: Uint8ClampedArray }> {
    const data = await this.#context?.readPixels();
    return { width: this.#width, height: this.#height, data: data ?? new Uint8ClampedArray(this.#width * this.#height * 4) };
  }

  async toPng(): Promise<Uint8Array> {
    return encodePng(await this.readPixels());
  }
}
