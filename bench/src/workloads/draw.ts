import { type Workload, check, median, readBack, repeat } from './workload.ts';

const DRAW_COUNT = 1000;
const UNIFORM_STRIDE = 256;
const TARGET_SIZE = 256;

/** 1,000 tiny triangles, each with its own dynamic offset, onto a small target. */
class DrawScene {
  readonly #device: GPUDevice;
  readonly #pipeline: GPURenderPipeline;
  readonly #bindGroup: GPUBindGroup;
  readonly #target: GPUTexture;
  readonly #view: GPUTextureView;

  constructor(device: GPUDevice) {
    this.#device = device;
    const module = device.createShaderModule({
      code: `
        @group(0) @binding(0) var<uniform> offset: vec4f;
        @vertex fn vs(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
          let corner = vec2f(f32(i & 1u), f32(i >> 1u)) * 0.02;
          return vec4f(offset.xy + corner, 0, 1);
        }
        @fragment fn fs() -> @location(0) vec4f { return vec4f(1, 0.5, 0.25, 1); }`,
    });
    const layout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: GPUShaderStage.VERTEX, buffer: { hasDynamicOffset: true, minBindingSize: 16 } }],
    });
    this.#pipeline = device.createRenderPipeline({
      layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }),
      vertex: { module },
      fragment: { module, targets: [{ format: 'rgba8unorm' }] },
    });
    const uniforms = device.createBuffer({ size: DRAW_COUNT * UNIFORM_STRIDE, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
    const data = new Float32Array((DRAW_COUNT * UNIFORM_STRIDE) / 4);
    for (let i = 0; i < DRAW_COUNT; i++) data.set([-1 + (i % 40) * 0.05, -1 + Math.floor(i / 40) * 0.08, 0, 0], (i * UNIFORM_STRIDE) / 4);
    device.queue.writeBuffer(uniforms, 0, data);
    this.#bindGroup = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: uniforms, size: 16 } }] });
    this.#target = device.createTexture({ size: [TARGET_SIZE, TARGET_SIZE], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC });
    this.#view = this.#target.createView();
  }

  /** `salt` makes a frame's commands differ from the last one's. */
  frame(salt: number): void {
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: this.#view, loadOp: 'clear', storeOp: 'store', clearValue: [0, 0, 0, 1] }] });
    pass.setPipeline(this.#pipeline);
    for (let i = 0; i < DRAW_COUNT; i++) {
      pass.setBindGroup(0, this.#bindGroup, [((i + salt) % DRAW_COUNT) * UNIFORM_STRIDE]);
      pass.draw(3);
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  /** Every triangle is where it belongs: a pixel in its place is coloured, and one beside it is not. */
  async verify(): Promise<void> {
    const buffer = this.#device.createBuffer({ size: TARGET_SIZE * TARGET_SIZE * 4, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: this.#target }, { buffer, bytesPerRow: TARGET_SIZE * 4 }, [TARGET_SIZE, TARGET_SIZE]);
    this.#device.queue.submit([encoder.finish()]);
    const pixels = new Uint32Array(await readBack(this.#device, buffer, TARGET_SIZE * TARGET_SIZE * 4));
    buffer.destroy();
    const column = (x: number): number => Math.floor(((1 + x) / 2) * TARGET_SIZE);
    const row = (y: number): number => Math.floor(((1 - y) / 2) * TARGET_SIZE);
    const at = (x: number, y: number): number => pixels[y * TARGET_SIZE + x] as number;
    for (let i = 0; i < DRAW_COUNT; i++) {
      const [x, y] = [-1 + (i % 40) * 0.05, -1 + Math.floor(i / 40) * 0.08];
      const covered = [0, 1, 2].some((dx) => [0, 1, 2].some((dy) => at(column(x) + dx, row(y) - dy) === 0xff4080ff));
      check(covered, `triangle ${i} is not drawn`);
      check(at(column(x + 0.035), row(y + 0.05)) === 0xff000000, `something is drawn beside triangle ${i}`);
    }
  }
}

/** What the caller pays for a frame: the time until `submit` returns. Salted: every frame differs from the last. */
export function drawCaller(name: string, salted: boolean): Workload {
  return {
    name,
    unit: 'µs/frame',
    better: 'lower',
    isGpuBound: false,
    async prepare({ device }) {
      const scene = new DrawScene(device);
      let salt = 0;
      const frame = async (): Promise<number> => {
        if (salted) salt++;
        const start = performance.now();
        scene.frame(salt);
        const us = (performance.now() - start) * 1000;
        await device.queue.onSubmittedWorkDone();
        return us;
      };
      await repeat(10, frame);
      return { measure: async (scale) => median(await repeat(50 * scale, frame)), verify: () => scene.verify() };
    },
  };
}

/** Frames as a program draws them: the next one is recorded while the GPU draws the last. */
export function drawRate(name: string, salted: boolean): Workload {
  return {
    name,
    unit: 'frames/s',
    better: 'higher',
    isGpuBound: true,
    async prepare({ device }) {
      const scene = new DrawScene(device);
      let salt = 0;
      const frames = async (count: number): Promise<void> => {
        let previous: Promise<unknown> = Promise.resolve();
        for (let i = 0; i < count; i++) {
          if (salted) salt++;
          scene.frame(salt);
          const done = device.queue.onSubmittedWorkDone();
          await previous;
          previous = done;
        }
        await previous;
      };
      await frames(20);
      return {
        async measure(scale) {
          const count = 60 * scale;
          const start = performance.now();
          await frames(count);
          return (count * 1000) / (performance.now() - start);
        },
        verify: () => scene.verify(),
      };
    },
  };
}
