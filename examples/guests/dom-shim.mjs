// The little of a web page that three.js needs in Node. Import this before three.js: it looks for
// `self` while it is being loaded. None of this is WebGPU: that comes from navigator.gpu as it is.

// three.js runs its own per-frame bookkeeping from animation frames; it finds them on `self`.
globalThis.self ??= globalThis;
globalThis.requestAnimationFrame ??= (callback) => setTimeout(() => callback(performance.now()), 16);
globalThis.cancelAnimationFrame ??= (id) => clearTimeout(id);

/** Stands in for an OffscreenCanvas: a size, and a 'webgpu' context to draw into. */
export class VirtualCanvas {
  #context = new VirtualCanvasContext(this);

  constructor(width, height) {
    this.width = width;
    this.height = height;
  }

  getContext(type) {
    return type === 'webgpu' ? this.#context : null;
  }
}

/**
 * Stands in for a GPUCanvasContext. With no screen to show a frame on, it hands out one ordinary
 * texture, the same for every frame, so that the last one drawn can be read back at any time.
 */
class VirtualCanvasContext {
  #configuration = null;
  #texture = null;

  constructor(canvas) {
    this.canvas = canvas;
  }

  configure(configuration) {
    this.unconfigure();
    this.#configuration = configuration;
  }

  unconfigure() {
    this.#texture?.destroy();
    this.#texture = this.#configuration = null;
  }

  getCurrentTexture() {
    const { width, height } = this.canvas;
    if (this.#texture?.width !== width || this.#texture.height !== height) {
      this.#texture?.destroy();
      const { device, format, usage } = this.#configuration;
      this.#texture = device.createTexture({ label: 'virtual canvas', size: [width, height], format, usage });
    }
    return this.#texture;
  }
}
