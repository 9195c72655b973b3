import { Counter } from './dispatch.ts';
import { type Workload, check, median, repeat } from './workload.ts';

interface Awaited {
  once(): Promise<void>;
  verify?(): Promise<void>;
}

/** The median time of something that is awaited, one at a time. */
function latency(name: string, prepare: (device: GPUDevice) => Awaited): Workload {
  return {
    name,
    unit: 'µs',
    better: 'lower',
    isGpuBound: false,
    async prepare({ device }) {
      const { once, verify } = prepare(device);
      const timed = async (): Promise<number> => {
        const start = performance.now();
        await once();
        return (performance.now() - start) * 1000;
      };
      await repeat(100, timed);
      return { measure: async (scale) => median(await repeat(300 * scale, timed)), verify: async () => verify?.() };
    },
  };
}

export const submitDone = latency('submit_done_p50', (device) => {
  const counter = new Counter(device);
  return {
    async once() {
      counter.submit(1);
      await device.queue.onSubmittedWorkDone();
    },
    verify: () => counter.verify(),
  };
});

export const mapLatency = latency('map_p50', (device) => {
  const buffer = device.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  return {
    async once() {
      await buffer.mapAsync(GPUMapMode.READ);
      check(buffer.getMappedRange().byteLength === 256, 'the mapped range has another size');
      buffer.unmap();
    },
  };
});

export const errorScope = latency('error_scope_p50', (device) => ({
  async once() {
    device.pushErrorScope('validation');
    check((await device.popErrorScope()) === null, 'there is an error without a cause');
  },
}));
