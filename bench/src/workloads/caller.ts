import { type Workload, check, median, readBack, repeat } from './workload.ts';

const CALL_COUNT = 1000;

interface Calls {
  once(): void;
  verify(): Promise<void>;
}

/** What one call costs its caller, over many that nobody waits for. */
function callerCost(name: string, prepare: (device: GPUDevice) => Calls): Workload {
  return {
    name,
    unit: 'ns/call',
    better: 'lower',
    isGpuBound: false,
    async prepare({ device }) {
      const { once, verify } = prepare(device);
      const round = async (): Promise<number> => {
        const start = performance.now();
        for (let i = 0; i < CALL_COUNT; i++) once();
        const ns = ((performance.now() - start) * 1e6) / CALL_COUNT;
        await device.queue.onSubmittedWorkDone();
        return ns;
      };
      await repeat(4, round);
      return { measure: async (scale) => median(await repeat(8 * scale, round)), verify };
    },
  };
}

export const write256 = callerCost('write256_caller', (device) => {
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  const data = new Uint8Array(256).fill(7);
  return {
    once: () => device.queue.writeBuffer(buffer, 0, data),
    async verify() {
      check(new Uint8Array(await readBack(device, buffer, 256)).every((byte) => byte === 7), 'the buffer holds other data than was written');
    },
  };
});

export const createBuffer = callerCost('create_buffer_caller', (device) => {
  const create = (): GPUBuffer => device.createBuffer({ size: 256, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
  return {
    once: () => create().destroy(),
    async verify() {
      const buffer = create();
      device.queue.writeBuffer(buffer, 0, Uint32Array.of(1, 2));
      check(new Uint32Array(await readBack(device, buffer, 8))[1] === 2, 'a buffer made so does not work');
    },
  };
});

export const createBindGroup = callerCost('create_bindgroup_caller', (device) => {
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: GPUShaderStage.COMPUTE, buffer: { type: 'storage' } }] });
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const create = (): GPUBindGroup => device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] });
  let last = create();
  return {
    once() {
      last = create();
    },
    async verify() {
      const module = device.createShaderModule({ code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main() { v[0] = 5u; }' });
      const pipeline = device.createComputePipeline({ layout: device.createPipelineLayout({ bindGroupLayouts: [layout] }), compute: { module } });
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, last);
      pass.dispatchWorkgroups(1);
      pass.end();
      device.queue.submit([encoder.finish()]);
      check(new Uint32Array(await readBack(device, buffer, 4))[0] === 5, 'a bind group made so does not work');
    },
  };
});
