import { type Workload, check, median, readBack, repeat } from './workload.ts';

const TRANSFER_BYTES = 16 << 20;

const gigabytesPerSecond = (startMs: number): number => TRANSFER_BYTES / (performance.now() - startMs) / 1e6;

/** `writeBuffer`, until the GPU has it. */
export const upload: Workload = {
  name: 'upload_16MiB',
  unit: 'GB/s',
  better: 'higher',
  isGpuBound: false,
  async prepare({ device }) {
    const buffer = device.createBuffer({ size: TRANSFER_BYTES, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });
    const data = new Uint32Array(TRANSFER_BYTES / 4).map((_, i) => i * 2654435761);
    let round = 0;
    const write = async (): Promise<number> => {
      data[0] = data[data.length - 1] = ++round;
      const start = performance.now();
      device.queue.writeBuffer(buffer, 0, data);
      await device.queue.onSubmittedWorkDone();
      return gigabytesPerSecond(start);
    };
    await repeat(3, write);
    return {
      measure: async (scale) => median(await repeat(10 * scale, write)),
      async verify() {
        const back = new Uint32Array(await readBack(device, buffer, TRANSFER_BYTES));
        check(back.every((word, i) => word === data[i]), 'the buffer holds other data than was written');
      },
    };
  },
};

/** `mapAsync`, until the caller has read every byte. */
export const download: Workload = {
  name: 'readback_16MiB',
  unit: 'GB/s',
  better: 'higher',
  isGpuBound: false,
  async prepare({ device }) {
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
      let sum = 0;
      const words = new Uint32Array(staging.getMappedRange());
      for (let k = 0; k < words.length; k++) sum += words[k] as number;
      const rate = gigabytesPerSecond(start);
      check(sum === (TRANSFER_BYTES / 4) * 3, 'the mapped bytes are others than were written');
      staging.unmap();
      return rate;
    };
    await repeat(3, read);
    return { measure: async (scale) => median(await repeat(10 * scale, read)), verify: async () => {} };
  },
};
