import { type Workload, check, readBack } from './workload.ts';

/** The product of two square matrices: the GPU works, and the way to it hardly matters. */
const SIZE = 512;
const GROUP = 8;

/** Each invocation makes four neighbours of a row. No workgroup memory: its barriers would be most of the work on a CPU. */
const SHADER = `
  @group(0) @binding(0) var<storage, read> a: array<f32>;
  @group(0) @binding(1) var<storage, read> b: array<vec4f>;
  @group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
  @compute @workgroup_size(${GROUP}, ${GROUP})
  fn main(@builtin(global_invocation_id) id: vec3u) {
    var sum = vec4f();
    for (var k = 0u; k < ${SIZE}u; k++) { sum += a[id.y * ${SIZE}u + k] * b[k * ${SIZE / 4}u + id.x]; }
    c[id.y * ${SIZE / 4}u + id.x] = sum;
  }`;

/** Small whole numbers, whose products and sums a float holds exactly: any order of adding gives the same. */
const matrix = (salt: number): Float32Array<ArrayBuffer> => new Float32Array(SIZE * SIZE).map((_, i) => ((i * 31 + salt + (i >> 7)) % 17) - 8);

function expected(a: Float32Array, b: Float32Array, row: number, column: number): number {
  let sum = 0;
  for (let k = 0; k < SIZE; k++) sum += (a[row * SIZE + k] as number) * (b[k * SIZE + column] as number);
  return sum;
}

export const computeBound: Workload = {
  name: 'compute_bound',
  unit: 'GFLOP/s',
  better: 'higher',
  isGpuBound: true,
  async prepare({ device }) {
    const storage = (usage: GPUBufferUsageFlags): GPUBuffer => device.createBuffer({ size: SIZE * SIZE * 4, usage: GPUBufferUsage.STORAGE | usage });
    const [a, b] = [matrix(3), matrix(11)];
    const [bufferA, bufferB, bufferC] = [storage(GPUBufferUsage.COPY_DST), storage(GPUBufferUsage.COPY_DST), storage(GPUBufferUsage.COPY_SRC)];
    device.queue.writeBuffer(bufferA, 0, a);
    device.queue.writeBuffer(bufferB, 0, b);
    const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } });
    const bindGroup = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [bufferA, bufferB, bufferC].map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    const multiply = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const encoder = device.createCommandEncoder();
        const pass = encoder.beginComputePass();
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bindGroup);
        pass.dispatchWorkgroups(SIZE / 4 / GROUP, SIZE / GROUP);
        pass.end();
        device.queue.submit([encoder.finish()]);
      }
      await device.queue.onSubmittedWorkDone();
    };
    await multiply(1);
    return {
      async measure(scale) {
        const count = PRODUCT_COUNT * scale;
        const start = performance.now();
        await multiply(count);
        return (2 * SIZE ** 3 * count) / (performance.now() - start) / 1e6;
      },
      async verify() {
        const c = new Float32Array(await readBack(device, bufferC, SIZE * SIZE * 4));
        for (let i = 0; i < SIZE; i++) {
          const column = (i * 37) % SIZE;
          check(c[i * SIZE + column] === expected(a, b, i, column), `element (${i}, ${column}) of the product`);
        }
      },
    };
  },
};

const PRODUCT_COUNT = 1;

/** The same work, by guests of a host that lives on its own. */
export const ddaComputeBound: Workload = { ...computeBound, name: 'dda_compute_bound', standing: 'dda' };
export const partitionedComputeBound: Workload = { ...computeBound, name: 'partitioned_compute_bound', standing: 'partition' };
