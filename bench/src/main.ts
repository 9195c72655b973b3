/**
 * `npm run bench`: the same programs on npm `webgpu` as it comes, on `webgpu` without its spin, in a partition
 * and, if wanted, in Chromium: alternating, all on the same adapter. See `--help`.
 */
import { writeFileSync } from 'node:fs';
import { findAdapter } from './adapter.ts';
import type { Contestant } from './contestant.ts';
import { fairnessCommand } from './fairness/command.ts';
import { FAIRNESS_USAGE, type FairnessOptions, readFairnessOptions } from './fairness/options.ts';
import { describeMachine, thisMachine } from './machine.ts';
import { NodeContestant } from './node-contestant.ts';
import { type Options, RUNS, UsageError, readOptions, usage } from './options.ts';
import { picture } from './picture.ts';
import { formatResults, leftOutFigures, missingFigures } from './report.ts';
import { type Result, resultOf } from './result.ts';
import { type Plan, alternate } from './schedule.ts';
import { WORKLOADS } from './workloads/index.ts';
import { PROCESS_WORKLOADS } from './workloads/process-workloads.ts';

const ALL = [...WORKLOADS, ...PROCESS_WORKLOADS];
/** Setting up a library takes longer than measuring it. Two processes, then, for the usual 20 alternations. */
const GPU_BOUND_SAMPLES_PER_PROCESS = 10;

function options(): Options | FairnessOptions {
  const known = ALL.map(({ name }) => name);
  try {
    const fairness = readFairnessOptions(process.argv.slice(2));
    if (fairness !== undefined) return fairness;
    const read = readOptions(process.argv.slice(2), known);
    if (read !== undefined) return read;
    console.log(`${usage(known)}\n\n${FAIRNESS_USAGE}`);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nTry --help.`);
    process.exit(2);
  }
}

function planOf(workload: (typeof ALL)[number], runCount: number | undefined): Plan {
  const { name, isGpuBound } = workload;
  const ofProcess = PROCESS_WORKLOADS.find((each) => each.name === name);
  return {
    workloadName: name,
    runCount: runCount ?? (isGpuBound ? RUNS.gpuBound : RUNS.plain),
    samplesPerProcess: ofProcess?.samplesPerProcess ?? (isGpuBound ? GPU_BOUND_SAMPLES_PER_PROCESS : 1),
    isConcurrent: ofProcess?.isConcurrent ?? false,
  };
}

const chosen = options();
if ('parts' in chosen) process.exit(await fairnessCommand(chosen));
const { names, runCount, jsonFile, svgFile, chromiumPath, age } = chosen;
const { environment } = await findAdapter();
const contestants: Contestant[] = [new NodeContestant('native', environment, age), new NodeContestant('tuned', environment, age), new NodeContestant('gpup', {}, age), new NodeContestant('dda', {}, age)];

if (chromiumPath !== undefined) contestants.push(await startChromium(chromiumPath));

/** Loaded only when it is wanted: a bench without a browser needs nothing of it. */
async function startChromium(path: string): Promise<Contestant> {
  const { ChromiumContestant } = await import('./chromium/contestant.ts');
  const { bundledChromium } = await import('./chromium/executable.ts');
  return ChromiumContestant.start(path === 'auto' ? await bundledChromium() : path, WORKLOADS.filter(({ standing }) => standing === undefined).map(({ name }) => name), age);
}

const results: Result[] = [];
let adapter = '';
const start = performance.now();
// What has been measured so far is not lost to somebody's impatience. Workers end with the channel to this process.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, report);
for (const [index, workload] of ALL.filter(({ name }) => names.includes(name)).entries()) {
  const plan = planOf(workload, runCount);
  // One that is there to be compared with a partition has no part in anything else.
  const taking = contestants.filter((contestant) => contestant.name !== 'dda' || workload.standing === 'partition');
  const measured = await alternate(plan, taking, (run, contestant) => {
    process.stderr.write(`\r[${index + 1}/${names.length}] ${workload.name} ${run + 1}/${plan.runCount} ${contestant}\x1b[K`);
  });
  // The first one's: a guest of a partition sees its name as well.
  if (adapter === '') adapter = [...measured.adapters.values()].find((each) => each !== '') ?? '';
  results.push(resultOf(workload, measured));
}
process.stderr.write(`\r${names.length} workloads in ${((performance.now() - start) / 1000).toFixed(0)} s\x1b[K\n`);
await Promise.all(contestants.map((contestant) => contestant.close()));
report();

function report(): never {
  const machine = thisMachine();
  console.log(`${describeMachine(machine)}, adapter: ${adapter}\n`);
  console.log(formatResults(results));
  for (const line of leftOutFigures(results)) console.log(`\nLeft out, ${line}`);
  const missing = missingFigures(results);
  if (missing.length > 0) console.error(`\nMissing:\n${missing.map((line) => `  ${line}`).join('\n')}`);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ machine, adapter, results }, null, 2)}\n`);
  if (svgFile !== undefined) writeFileSync(svgFile, picture(results, { machine: `${machine.cores} cores, Node ${machine.node}, ${adapter}` }));
  process.exit(missing.length > 0 || results.length < names.length ? 1 : 0);
}
