/**
 * What is measured. Each workload checks its own result before its figure counts. They are ordinary
 * WebGPU programs: the provider is chosen by whoever starts the process.
 */
export interface Workload {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Runs once, warm-up included, and returns the figure. */
  run(run: Run): Promise<number>;
}

export interface Run {
  readonly device: GPUDevice;
  /** How many times as many rounds are measured as usual: a profile needs more than a figure. A whole number. */
  readonly scale: number;
  /** Called when all is warm, before the first measured round. */
  begin(): Promise<void>;
  /** Called after the last measured round, before the result is verified. */
  end(): Promise<void>;
}

const DRAW_COUNT = 1000;
const UNIFORM_STRIDE = 256;
const TARGET_SIZE = 256;

function check(condition: boolean, what: string): void {
  if (!condition) throw new Error(`A workload gave a wrong result: ${what}.`);
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

async function readBack(device: GPUDevice, source: GPUBuffer, byteLength: number): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ size: byteLength, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}

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

  async verify(): Promise<void> {
    const buffer = this.#device.createBuffer({ size: TARGET_SIZE * TARGET_SIZE * 4, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    const encoder = this.#device.createCommandEncoder();
    encoder.copyTextureToBuffer({ texture: this.#target }, { buffer, bytesPerRow: TARGET_SIZE * 4 }, [TARGET_SIZE, TARGET_SIZE]);
    this.#device.queue.submit([encoder.finish()]);
    const pixels = new Uint32Array(await readBack(this.#device, buffer, TARGET_SIZE * TARGET_SIZE * 4));
    check(pixels.includes(0xff4080ff), 'no triangle was drawn');
    buffer.destroy();
  }
}

function drawCaller(name: string, salted: boolean): Workload {
  return {
    name,
    unit: 'µs/frame',
    better: 'lower',
    async run({ device, scale, begin, end }) {
      const scene = new DrawScene(device);
      const frame = async (salt: number): Promise<number> => {
        const start = performance.now();
        scene.frame(salted ? salt : 0);
        const us = (performance.now() - start) * 1000;
        await device.queue.onSubmittedWorkDone();
        return us;
      };
      for (let i = 0; i < 10; i++) await frame(i);
      await begin();
      const times: number[] = [];
      for (let i = 0; i < 50 * scale; i++) times.push(await frame(10 + i));
      await end();
      await scene.verify();
      return median(times);
    },
  };
}

function drawRate(name: string, salted: boolean): Workload {
  return {
    name,
    unit: 'frames/s',
    better: 'higher',
    async run({ device, scale, begin, end }) {
      const scene = new DrawScene(device);
      const frames = async (count: number): Promise<void> => {
        let previous = Promise.resolve(undefined as undefined);
        for (let i = 0; i < count; i++) {
          scene.frame(salted ? i : 0);
          const done = device.queue.onSubmittedWorkDone();
          await previous;
          previous = done as Promise<undefined>;
        }
        await previous;
      };
      await frames(20);
      await begin();
      const start = performance.now();
      await frames(150 * scale);
      const rate = (150_000 * scale) / (performance.now() - start);
      await end();
      await scene.verify();
      return rate;
    },
  };
}

interface AddOne {
  readonly buffer: GPUBuffer;
  submit(dispatchCount: number): void;
}

function addOne(device: GPUDevice): AddOne {
  const module = device.createShaderModule({
    code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] += 1u; }',
  });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  return {
    buffer,
    submit(dispatchCount) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      for (let i = 0; i < dispatchCount; i++) pass.dispatchWorkgroups(1);
      pass.end();
      device.queue.submit([encoder.finish()]);
    },
  };
}

const DISPATCH_COUNT = 500;

const dispatchCaller: Workload = {
  name: 'dispatch_caller',
  unit: 'µs/submit',
  better: 'lower',
  async run({ device, scale, begin, end }) {
    const work = addOne(device);
    const submit = async (): Promise<number> => {
      const start = performance.now();
      work.submit(DISPATCH_COUNT);
      const us = (performance.now() - start) * 1000;
      await device.queue.onSubmittedWorkDone();
      return us;
    };
    for (let i = 0; i < 10; i++) await submit();
    await begin();
    const times: number[] = [];
    for (let i = 0; i < 50 * scale; i++) times.push(await submit());
    await end();
    check(new Uint32Array(await readBack(device, work.buffer, 4))[0] === (10 + 50 * scale) * DISPATCH_COUNT, 'dispatches were lost');
    return median(times);
  },
};

const dispatchRate: Workload = {
  name: 'dispatch_rate',
  unit: 'dispatches/s',
  better: 'higher',
  async run({ device, scale, begin, end }) {
    const work = addOne(device);
    const submits = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        work.submit(DISPATCH_COUNT);
        if (i % 4 === 3) await device.queue.onSubmittedWorkDone();
      }
      await device.queue.onSubmittedWorkDone();
    };
    await submits(8);
    await begin();
    const start = performance.now();
    await submits(80 * scale);
    const rate = (80_000 * scale * DISPATCH_COUNT) / (performance.now() - start);
    await end();
    check(new Uint32Array(await readBack(device, work.buffer, 4))[0] === (8 + 80 * scale) * DISPATCH_COUNT, 'dispatches were lost');
    return rate;
  },
};

const smallSubmitRate: Workload = {
  name: 'small_submit_rate',
  unit: 'submits/s',
  better: 'higher',
  async run({ device, scale, begin, end }) {
    const work = addOne(device);
    const submits = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        work.submit(1);
        if (i % 50 === 49) await device.queue.onSubmittedWorkDone();
      }
    };
    await submits(200);
    await begin();
    const start = performance.now();
    await submits(2000 * scale);
    const rate = (2_000_000 * scale) / (performance.now() - start);
    await end();
    check(new Uint32Array(await readBack(device, work.buffer, 4))[0] === 200 + 2000 * scale, 'submits were lost');
    return rate;
  },
};

function latency(name: string, once: (device: GPUDevice) => Promise<() => Promise<void>>): Workload {
  return {
    name,
    unit: 'µs',
    better: 'lower',
    async run({ device, scale, begin, end }) {
      const measure = await once(device);
      for (let i = 0; i < 100; i++) await measure();
      await begin();
      const times: number[] = [];
      for (let i = 0; i < 300 * scale; i++) {
        const start = performance.now();
        await measure();
        times.push((performance.now() - start) * 1000);
      }
      await end();
      return median(times);
    },
  };
}

const submitDone = latency('submit_done_p50', async (device) => {
  const work = addOne(device);
  return async () => {
    work.submit(1);
    await device.queue.onSubmittedWorkDone();
  };
});

const mapLatency = latency('map_p50', async (device) => {
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return async () => {
    await buffer.mapAsync(GPUMapMode.READ);
    check(buffer.getMappedRange().byteLength === 256, 'the mapped range has another size');
    buffer.unmap();
  };
});

const errorScope = latency('error_scope_p50', async (device) => async () => {
  device.pushErrorScope('validation');
  check((await device.popErrorScope()) === null, 'an error without a cause');
});

const TRANSFER_BYTES = 16 << 20;

const upload: Workload = {
  name: 'upload_16MiB',
  unit: 'GB/s',
  better: 'higher',
  async run({ device, scale, begin, end }) {
    const buffer = device.createBuffer({ size: TRANSFER_BYTES, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
    const data = new Uint32Array(TRANSFER_BYTES / 4).map((_, i) => i * 2654435761);
    const write = async (round: number): Promise<number> => {
      data[round] = round;
      const start = performance.now();
      device.queue.writeBuffer(buffer, 0, data);
      await device.queue.onSubmittedWorkDone();
      return TRANSFER_BYTES / (performance.now() - start) / 1e6;
    };
    for (let i = 0; i < 2; i++) await write(i);
    await begin();
    const rates: number[] = [];
    for (let i = 0; i < 10 * scale; i++) rates.push(await write(2 + i));
    await end();
    const last = 1 + 10 * scale;
    const back = new Uint32Array(await readBack(device, buffer, TRANSFER_BYTES));
    check(back[last] === last && back[back.length - 1] === data[data.length - 1], 'the buffer holds other data');
    buffer.destroy();
    return median(rates);
  },
};

const download: Workload = {
  name: 'readback_16MiB',
  unit: 'GB/s',
  better: 'higher',
  async run({ device, scale, begin, end }) {
    const source = device.createBuffer({ size: TRANSFER_BYTES, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
    device.queue.writeBuffer(source, 0, new Uint32Array(TRANSFER_BYTES / 4).fill(3));
    const staging = device.createBuffer({ size: TRANSFER_BYTES, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, staging, 0, TRANSFER_BYTES);
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    const read = async (): Promise<number> => {
      const start = performance.now();
      await staging.mapAsync(GPUMapMode.READ);
      // The caller reads every byte.
      let sum = 0;
      const words = new Uint32Array(staging.getMappedRange());
      for (let k = 0; k < words.length; k++) sum += words[k] as number;
      const rate = TRANSFER_BYTES / (performance.now() - start) / 1e6;
      check(sum === (TRANSFER_BYTES / 4) * 3, 'the mapped bytes are others');
      staging.unmap();
      return rate;
    };
    for (let i = 0; i < 2; i++) await read();
    await begin();
    const rates: number[] = [];
    for (let i = 0; i < 10 * scale; i++) rates.push(await read());
    await end();
    source.destroy();
    staging.destroy();
    return median(rates);
  },
};

function callerCost(name: string, prepare: (device: GPUDevice) => () => void, count: number): Workload {
  return {
    name,
    unit: 'ns/call',
    better: 'lower',
    async run({ device, scale, begin, end }) {
      const call = prepare(device);
      const round = async (): Promise<number> => {
        const start = performance.now();
        for (let i = 0; i < count; i++) call();
        const ns = ((performance.now() - start) * 1e6) / count;
        await device.queue.onSubmittedWorkDone();
        return ns;
      };
      for (let i = 0; i < 4; i++) await round();
      await begin();
      const times: number[] = [];
      for (let i = 0; i < 8 * scale; i++) times.push(await round());
      await end();
      return median(times);
    },
  };
}

const write256 = callerCost(
  'write256_caller',
  (device) => {
    const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.COPY_DST });
    const data = new Uint8Array(256).fill(7);
    return () => device.queue.writeBuffer(buffer, 0, data);
  },
  1000,
);

const createBuffer = callerCost(
  'create_buffer_caller',
  (device) => () => device.createBuffer({ size: 256, usage: GPUBufferUsage.COPY_DST }).destroy(),
  1000,
);

const createBindGroup = callerCost(
  'create_bindgroup_caller',
  (device) => {
    const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: {} }] });
    const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.UNIFORM });
    return () => void device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] });
  },
  1000,
);

export const WORKLOADS: readonly Workload[] = [
  drawCaller('draw_same_caller', false),
  drawRate('draw_same_fps', false),
  drawCaller('draw_fresh_caller', true),
  drawRate('draw_fresh_fps', true),
  dispatchCaller,
  dispatchRate,
  smallSubmitRate,
  submitDone,
  mapLatency,
  errorScope,
  upload,
  download,
  write256,
  createBuffer,
  createBindGroup,
];
