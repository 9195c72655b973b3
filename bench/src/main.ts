/**
 * `npm run bench [-- --only NAME[,NAME]] [--runs N] [--json FILE]`: the same programs on npm `webgpu` as
 * it comes, on `webgpu` without its spin, and in a partition, alternating, all on the same adapter.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { findAdapter } from './adapter.ts';
import { PROVIDERS, type Provider } from './provider.ts';
import { type Summary, summarize } from './statistics.ts';
import { WORKLOADS } from './workloads.ts';

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, runs: { type: 'string', default: '5' }, json: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (options.help) {
  console.log(`Usage: npm run bench [-- OPTIONS]

  --only NAME[,NAME]  only these workloads: ${WORKLOADS.map((each) => each.name).join(', ')}
  --runs N            alternations of the providers, 1 to 100 (default 5)
  --json FILE         writes machine, adapter and all figures`);
  process.exit(0);
}
const runCount = Number(options.runs);
if (!Number.isInteger(runCount) || runCount < 1 || runCount > 100) fail(`--runs (${options.runs}) is not a whole number from 1 to 100.`);
const names = options.only?.split(',') ?? WORKLOADS.map((each) => each.name);
for (const name of names) {
  if (!WORKLOADS.some((each) => each.name === name)) fail(`--only names the unknown workload (${name}). Known: ${WORKLOADS.map((each) => each.name).join(', ')}.`);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const worker = join(dirname(fileURLToPath(import.meta.url)), 'worker.js');
const found = await findAdapter();

const samples = new Map<string, Map<Provider, number[]>>();
let adapterName = '';

/** One process a provider and run, so that no run warms the next one's. */
function measure(provider: Provider): void {
  const environment = provider === 'gpup' ? process.env : { ...process.env, ...found.environment };
  const run = spawnSync(process.execPath, [worker, provider, names.join(',')], { env: environment, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
  if (run.status !== 0) fail(`The measured process of provider ${provider} ended with status ${run.status ?? run.signal}.`);
  for (const line of run.stdout.split('\n').filter((each) => each.startsWith('{'))) {
    const { name, value, adapter } = JSON.parse(line) as { name: string; value: number; adapter: string };
    adapterName = adapter;
    const byProvider = samples.get(name) ?? new Map<Provider, number[]>();
    samples.set(name, byProvider);
    byProvider.set(provider, [...(byProvider.get(provider) ?? []), value]);
  }
}

for (let run = 0; run < runCount; run++) {
  process.stderr.write(`\rrun ${run + 1} of ${runCount} `);
  for (const provider of PROVIDERS) measure(provider);
}
process.stderr.write('\r');

interface Result {
  readonly name: string;
  readonly unit: string;
  readonly better: string;
  readonly native: number;
  readonly nativeTuned: number;
  readonly gpup: number;
  readonly ratio: number;
  readonly ratioTuned: number;
  readonly interval: readonly [number, number];
}

const results: Result[] = [];
for (const workload of WORKLOADS) {
  const byProvider = samples.get(workload.name);
  if (byProvider === undefined) continue;
  const of = (provider: Provider): Summary => summarize(byProvider.get(provider) ?? []);
  const gpup = of('gpup');
  results.push({
    name: workload.name,
    unit: workload.unit,
    better: workload.better,
    native: of('native').median,
    nativeTuned: of('tuned').median,
    gpup: gpup.median,
    ratio: gpup.median / of('native').median,
    ratioTuned: gpup.median / of('tuned').median,
    interval: [gpup.low, gpup.high],
  });
}

const number = (value: number): string => (value >= 1000 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3));
console.log(`adapter: ${adapterName}; ${runCount} runs each; ratio = gpup / native\n`);
const rows = results.map((each) => [each.name, each.unit, number(each.native), number(each.nativeTuned), number(each.gpup), `${number(each.ratio)}×`, `${number(each.ratioTuned)}×`, each.better]);
const table = [['name', 'unit', 'webgpu', 'webgpu tuned', 'gpup', 'ratio', 'ratio tuned', 'better'], ...rows];
const widths = (table[0] as string[]).map((_, column) => Math.max(...table.map((row) => (row[column] as string).length)));
for (const row of table) console.log(row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column] as number) : cell.padStart(widths[column] as number))).join('  '));

if (options.json !== undefined) {
  const machine = { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), node: process.version, platform: `${process.platform}-${process.arch}` };
  writeFileSync(options.json, `${JSON.stringify({ machine, adapter: adapterName, results }, null, 2)}\n`);
}
