/** One measured process: `worker.js PROVIDER NAME,NAME…` prints a JSON line a workload. */
import { isProvider, loadProvider } from './provider.ts';
import { WORKLOADS } from './workloads.ts';

const [providerName = 'native', names = ''] = process.argv.slice(2);
if (!isProvider(providerName)) throw new Error(`The provider (${providerName}) is unknown.`);
const provider = await loadProvider(providerName);
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
  const value = await workload.run({ device, scale: 1, begin: async () => {}, end: async () => {} });
  console.log(JSON.stringify({ name: workload.name, value, adapter: `${adapter.info.vendor} ${adapter.info.description}`.trim() }));
  device.destroy();
}
// npm webgpu may not end by itself while its GPU object lives.
process.exit(0);
