/** The measured program of a profiled run: `guest.js PROVIDER NAME SECONDS`, with an IPC channel to the tool. */
import { once } from 'node:events';
import { isProvider, loadProvider } from '../provider.ts';
import { WORKLOADS } from '../workloads.ts';

const [providerName = '', name = '', seconds = '2'] = process.argv.slice(2);
const workload = WORKLOADS.find((each) => each.name === name);
if (!isProvider(providerName) || workload === undefined) throw new Error(`Nothing to profile (${process.argv.slice(2).join(' ')}).`);

const provider = await loadProvider(providerName);
Object.assign(globalThis, provider.globals);
const gpu = provider.create([]);

async function run(scale: number, begin: () => Promise<void>, end: () => Promise<void>): Promise<void> {
  const device = (await (await gpu.requestAdapter())?.requestDevice()) as GPUDevice;
  device.onuncapturederror = (event) => {
    throw new Error(event.error.message);
  };
  await workload?.run({ device, scale, begin, end });
  device.destroy();
}

const CALIBRATION_MS_MIN = 300;

/** Passed on to the tool; the measured rounds go on when every process has obeyed. */
async function tell(what: 'begin' | 'end'): Promise<void> {
  const answered = once(process, 'message');
  process.send?.(what);
  await answered;
}

let startMs = 0;
let elapsedMs = 0;
let scale = 1;
const start = async (): Promise<void> => void (startMs = performance.now());
const stop = async (): Promise<void> => void (elapsedMs = performance.now() - startMs);

// Warms everything, and tells how long a round is once it is warm.
await run(scale, start, stop);
for (; elapsedMs < CALIBRATION_MS_MIN; scale *= 4) await run(scale * 4, start, stop);
await run(Math.max(1, Math.round((scale * Number(seconds) * 1000) / elapsedMs)), () => tell('begin'), () => tell('end'));
process.exit(0);
