import type { Bench, Prepared, Workload } from './workload.ts';

export interface OpenWorkload {
  /** What the adapter calls itself. */
  readonly adapter: string;
  /** Measures once; the figure counts only if all that was computed is right. */
  measure(scale: number): Promise<number>;
  /** See `Prepared.kept`. */
  readonly kept: readonly unknown[];
}

/** Opens a device for a workload and prepares it, in Node or in a page. */
export async function openWorkload(workload: Workload, gpu: GPU, asset: Bench['asset']): Promise<OpenWorkload> {
  const adapter = await gpu.requestAdapter();
  if (adapter === null) throw new Error('There is no adapter.');
  const device = await adapter.requestDevice();
  const errors: string[] = [];
  device.addEventListener('uncapturederror', (event) => errors.push((event as GPUUncapturedErrorEvent).error.message));
  const prepared = await workload.prepare({ gpu, device, asset });
  return {
    adapter: `${adapter.info.vendor} ${adapter.info.description}`.trim(),
    measure: (scale) => measureChecked(prepared, scale, errors),
    kept: [gpu, adapter, device, prepared],
  };
}

export async function measureChecked(prepared: Prepared, scale: number, errors: readonly string[] = []): Promise<number> {
  const value = await prepared.measure(scale);
  await prepared.verify();
  if (errors[0] !== undefined) throw new Error(`The device reports an error: ${errors[0]}`);
  if (!(Number.isFinite(value) && value >= 0)) throw new Error(`The figure (${value}) is no figure.`);
  return value;
}
