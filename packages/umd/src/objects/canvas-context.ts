/** GPUCanvasContext of a virtual canvas: https://gpuweb.github.io/gpuweb/#canvas-context */
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { type GPUCanvasContext, wrapGPUCanvasContext } from '../generated/interfaces.gen.ts';
import { checkFormat, checkFormats } from '../texture-formats.ts';
import { readTexturePixels } from '../texture-read-back.ts';
import type { Device } from './device.ts';
import type { Texture } from './texture.ts';

interface Canvas {
  readonly width: number;
  readonly height: number;
}

const FORMATS: readonly string[] = ['bgra8unorm', 'rgba8unorm', 'rgba16float'];
const COPY_SRC = 1;

export class CanvasContext implements I.GPUCanvasContextImpl {
  wrapper: object | undefined = undefined;
  readonly canvas: Canvas;
  #configuration: T.GPUCanvasConfiguration | null = null;
  #texture: Texture | null = null;

  constructor(canvas: Canvas) {
    this.canvas = canvas;
  }

  present(): GPUCanvasContext {
    return wrapGPUCanvasContext(this);
  }

  configure(configuration: T.GPUCanvasConfiguration): void {
    const device = configuration.device as Device;
    checkFormat(device, configuration.format);
    checkFormats(device, configuration.viewFormats);
    if (!FORMATS.includes(configuration.format)) {
      throw new TypeError(`A canvas cannot have the format '${configuration.format}': it is one of ${FORMATS.join(', ')}.`);
    }
    this.#replaceTexture();
    this.#configuration = configuration;
  }

  unconfigure(): void {
    this.#replaceTexture();
    this.#configuration = null;
  }

  getConfiguration(): T.GPUCanvasConfiguration | null {
    return this.#configuration;
  }

  /** The same texture until the canvas is resized or configured anew: nothing here ends a frame. */
  getCurrentTexture(): Texture {
    const configuration = this.#configuration;
    if (configuration === null) throw new DOMException('The canvas context is not configured.', 'InvalidStateError');
    this.#texture ??= (configuration.device as Device).createTexture({
      label: '',
      size: { width: this.canvas.width, height: this.canvas.height, depthOrArrayLayers: 1 },
      mipLevelCount: 1,
      sampleCount: 1,
      dimension: '2d',
      format: configuration.format,
      // The canvas itself reads the texture when it is shown or saved.
      usage: configuration.usage | COPY_SRC,
      viewFormats: configuration.viewFormats,
      textureBindingViewDimension: undefined,
    });
    return this.#texture;
  }

  /** https://gpuweb.github.io/gpuweb/#abstract-opdef-replace-the-drawing-buffer */
  resized(): void {
    this.#replaceTexture();
  }

  #replaceTexture(): void {
    this.#texture?.destroy();
    this.#texture = null;
  }

  async readPixels(): Promise<Uint8ClampedArray | null> {
    if (this.#texture === null) return null;
    const opaque = this.#configuration?.alphaMode !== 'premultiplied';
    return readTexturePixels(this.#texture, opaque);
  }
}
