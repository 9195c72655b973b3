import { type Workload, check, median, readBack, repeat } from './workload.ts';

/** A counter in a buffer: each dispatch adds one, so that none can be lost unnoticed. */
export class Counter {
  readonly #device: GPUDevice;
  readonly #pipeline: GPUComputePipeline;
  readonly #buffer: GPUBuffer;
  readonly #bindGroup: GPUBindGroup;
  #expected = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
    const module = device.createShaderModule({
      code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] += 1u; }',
    });
    this.#pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
    this.#buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    this.#bindGroup = device.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: this.#buffer } }] });
  }

  submit(dispatchCount: number): void {
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#bindGroup);
    for (let i = 0; i < dispatchCount; i++) pass.dispatchWorkgroups(1);
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    this.#expected += dispatchCount;
  }

  async verify(): Promise<void> {
    const [count] = new Uint32Array(await readBack(this.#device, this.#buffer, 4));
    check(count === this.#expected, `${count} dispatches were executed, not ${this.#expected}`);
  }
}

const DISPATCH_COUNT = 500;

export const dispatchCaller: Workload = {
  name: 'dispatch_caller',
  unit: 'µs/submit',
  better: 'lower',
  isGpuBound: false,
  async prepare({ device }) {
    const counter = new Counter(device);
    const submit = async (): Promise<number> => {
      const start = performance.now();
      counter.submit(DISPATCH_COUNT);
      const us = (performance.now() - start) * 1000;
      await device.queue.onSubmittedWorkDone();
      return us;
    };
    await repeat(10, submit);
    return { measure: async (scale) => median(await repeat(50 * scale, submit)), verify: () => counter.verify() };
  },
};

export const dispatchRate: Workload = {
  name: 'dispatch_rate',
  unit: 'dispatches/s',
  better: 'higher',
  isGpuBound: true,
  async prepare({ device }) {
    const counter = new Counter(device);
    const submits = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        counter.submit(DISPATCH_COUNT);
        if (i % 4 === 3) await device.queue.onSubmittedWorkDone();
      }
      await device.queue.onSubmittedWorkDone();
    };
    await submits(8);
    return {
      async measure(scale) {
        const count = 80 * scale;
        const start = performance.now();
        await submits(count);
        return (count * DISPATCH_COUNT * 1000) / (performance.now() - start);
      },
      verify: () => counter.verify(),
    };
  },
};

/** One dispatch a submit, 50 submits before anybody waits. */
export const smallSubmitRate: Workload = {
  name: 'small_submit_rate',
  unit: 'submits/s',
  better: 'higher',
  isGpuBound: false,
  async prepare({ device }) {
    const counter = new Counter(device);
    const submits = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        counter.submit(1);
        if (i % 50 === 49) await device.queue.onSubmittedWorkDone();
      }
    };
    await submits(200);
    return {
      async measure(scale) {
        const count = 2000 * scale;
        const start = performance.now();
        await submits(count);
        return (count * 1000) / (performance.now() - start);
      },
      verify: () => counter.verify(),
    };
  },
};
