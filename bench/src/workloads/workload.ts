/**
 * What is measured. A workload is an ordinary WebGPU program: who starts its process, or its page, chooses the
 * implementation. Nothing here knows which one it is.
 */
export interface Workload {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** The GPU sets the pace: such figures scatter more, and are taken more often. */
  readonly isGpuBound: boolean;
  /**
   * Our guest is one of a standing host: it owns an adapter whole (`dda`), or has a partition with all of one, and then
   * is compared with one that owns it. Undefined: it has a host of its own.
   */
  readonly standing?: 'dda' | 'partition';
  /** Sets everything up and warms it. */
  prepare(bench: Bench): Promise<Prepared>;
}

export interface Prepared {
  /**
   * Measures once and returns the figure. `scale`, a whole number, is how many times as many rounds are
   * measured as usual: a profile needs more of them than a figure.
   */
  measure(scale: number): Promise<number>;
  /** Kept for as long as this is: npm webgpu does not survive that its GPU or adapter is collected while a device works. */
  readonly kept?: readonly unknown[];
  /** Rejects if anything that was computed so far is wrong: the figure does not count then. */
  verify(): Promise<void>;
}

/** What a workload is given. Node and a page make one each. */
export interface Bench {
  readonly gpu: GPU;
  /** A device for this workload alone. Its errors fail the workload. */
  readonly device: GPUDevice;
  /** A file that a workload needs, by its key in `assets.ts`. */
  asset(key: string): Promise<Uint8Array>;
}

export class WrongResult extends Error {
  override readonly name = 'WrongResult';
}

export function check(condition: boolean, what: string): void {
  if (!condition) throw new WrongResult(`The result is wrong: ${what}.`);
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1] as number;
}

/** Repeats one after the other; their results in order. */
export async function repeat<T>(count: number, once: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (let i = 0; i < count; i++) results.push(await once(i));
  return results;
}

/** A copy of a buffer's first bytes. */
export async function readBack(device: GPUDevice, source: GPUBuffer, byteLength: number): Promise<ArrayBuffer> {
  const staging = device.createBuffer({ size: byteLength, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(source, 0, staging, 0, byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const copy = staging.getMappedRange().slice(0);
  staging.destroy();
  return copy;
}
