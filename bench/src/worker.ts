/** One measured process: `worker.js PROVIDER NAME,NAME…` prints a JSON line a workload. */
import { createRequire } from 'node:module';
import { tuneDawn } from './tuned-dawn.ts';
import { WORKLOADS } from './workloads.ts';

interface Provider {
  create(flags: readonly string[]): GPU;
  readonly globals: Record<string, unknown>;
}

async function load(name: string): Promise<Provider> {
  if (name === 'gpup') return createRequire(import.meta.url)(process.env['GPUP_PROVIDER_MODULE'] as string) as Provider;
  const dawn = (await import('webgpu')) as unknown as Provider;
  if (name === 'tuned') tuneDawn(dawn.globals);
  return dawn;
}

const [providerName = 'native', names = ''] = process.argv.slice(2);
const provider = await load(providerName);
Object.assign(globalThis, provider.globals);
const gpu = provider.create([]);
const adapter = await gpu.requestAdapter();
if (adapter === null) throw new Error(`No adapter for provider (${providerName}).`);
const wanted = names.split(',');
for (const workload of WORKLOADS) {
  if (!wanted.includes(workload.name)) continue;
  const own = await gpu.requestAdapter();
  const device = (await own?.requestDevice()) as GPUDevice;
  device.onuncapturederror = (event) => {
    throw new Error(event.error.message);
  };
  const value = await workload.run(device);
  console.log(JSON.stringify({ name: workload.name, value, adapter: `${adapter.info.vendor} ${adapter.info.description}`.trim() }));
  device.destroy();
}
// npm webgpu may not end by itself while its GPU object lives.
process.exit(0);
