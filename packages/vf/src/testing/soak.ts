/**
 * `node --expose-gc packages/vf/dist/testing/soak.js [MINUTES] [SEED] [mixed|large]`: allocates and frees at
 * random for so long (default 10), and ends with an error once the account and the process disagree.
 */
import { AllocationSoak, disagreement, type SoakOptions } from './allocation-soak.ts';
import { Random } from '@gpup/base/testing';
import { openTestGpu } from './test-gpu.ts';

const SAMPLE_EVERY = 50;
const BUDGET_BYTES = 256 * 2 ** 20;

const [minutes = '10', seed = '7', sizes = 'mixed'] = process.argv.slice(2);
if (sizes !== 'mixed' && sizes !== 'large') throw new Error(`Sizes (${sizes}) are neither mixed nor large.`);
await run(Number(minutes), { budgetBytes: BUDGET_BYTES, random: new Random(Number(seed)), sizes });
process.exit(0);

async function run(soakMinutes: number, options: SoakOptions): Promise<void> {
  const soak = await AllocationSoak.begin(await openTestGpu(), options);
  const endMs = performance.now() + soakMinutes * 60_000;
  let stepCount = 0;
  let residentBytesMax = 0;
  while (performance.now() < endMs) {
    await soak.step();
    if (++stepCount % SAMPLE_EVERY !== 0) continue;
    const sample = await soak.sample();
    residentBytesMax = Math.max(residentBytesMax, sample.residentBytes);
    const wrong = disagreement(sample, options.sizes);
    if (wrong !== null) throw new Error(`After ${stepCount} steps: ${wrong}`);
  }
  console.log(`${stepCount} steps, ${soak.refusalCount} refused; at most ${(residentBytesMax / 2 ** 20).toFixed(0)} MiB resident with a budget of ${BUDGET_BYTES / 2 ** 20} MiB.`);
}
