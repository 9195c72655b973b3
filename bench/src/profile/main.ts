/**
 * `npm run profile -- NAME [--provider PROVIDER] [--seconds N] [--out DIR]`: where the time of one workload
 * of the bench goes, in each process. Writes the CPU profiles for a look in a browser's DevTools.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { PROVIDER_PATH, SOCKET_VARIABLE } from '@gpup/guest';
import { findAdapter } from '../adapter.ts';
import { PROVIDERS, type Provider, isProvider } from '../provider.ts';
import { formatTable } from '../table.ts';
import { WORKLOADS } from '../workloads/index.ts';
import type { CpuProfile } from './cpu-profile.ts';
import { type Hook, Hooks } from './hooks.ts';
import { startProfiledHost } from './host.ts';
import { placeFinder } from './modules.ts';
import type { Role } from './protocol.ts';
import { type Breakdown, STAGES, STAGE_MEANING, type StageContext, breakDown } from './stages.ts';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../../..');
const HOT_FUNCTION_COUNT = 12;

const names = WORKLOADS.map((each) => each.name).join(', ');
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { provider: { type: 'string', default: 'gpup' }, seconds: { type: 'string', default: '2' }, out: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
});
if (options.help) {
  console.log(`Usage: npm run profile -- NAME [OPTIONS]

Profiles one workload of the bench, with all its processes, and says how long each stage takes.
NAME is one of ${names}

  --provider NAME  ${PROVIDERS.join(', ')} (default gpup)
  --seconds N      about how long the measured rounds last, 1 to 60 (default 2)
  --out DIR        where the .cpuprofile files go (default out/profile/NAME-PROVIDER)`);
  process.exit(0);
}

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}

const [name = ''] = positionals;
if (positionals.length !== 1 || !WORKLOADS.some((each) => each.name === name)) fail(`One workload is profiled at a time, not (${positionals.join(' ')}). Known: ${names}.`);
const provider: Provider = isProvider(options.provider) ? options.provider : fail(`--provider (${options.provider}) is none of ${PROVIDERS.join(', ')}.`);
const seconds = Number(options.seconds);
if (!(seconds >= 1 && seconds <= 60)) fail(`--seconds (${options.seconds}) is not a number from 1 to 60.`);
const out = resolve(options.out ?? join(root, 'out', 'profile', `${name}-${provider}`));
mkdirSync(out, { recursive: true });

/** A profiled process and what was found. */
interface Profiled {
  readonly role: Role;
  readonly file: string;
  readonly processMs: number;
  readonly mainThreadMs: number;
}

async function endAll(hooks: readonly Hook[]): Promise<Profiled[]> {
  const count = new Map<Role, number>();
  return Promise.all(
    hooks.map(async (hook) => {
      const index = (count.get(hook.role) ?? 0) + 1;
      count.set(hook.role, index);
      const file = join(out, `${hook.role}${index === 1 ? '' : `-${index}`}.cpuprofile`);
      const { processMs, mainThreadMs } = await hook.end(file);
      return { role: hook.role, file, processMs, mainThreadMs };
    }),
  );
}

/** Passes the guest's two messages on to every process, and lets it go on. */
async function conduct(guest: ChildProcess, hooks: Hooks): Promise<Profiled[]> {
  let profiled: Profiled[] | undefined;
  const ended = once(guest, 'exit') as Promise<[number | null, string | null]>;
  guest.on('message', async (what) => {
    if (what === 'begin') await Promise.all(hooks.all.map((hook) => hook.begin()));
    else profiled = await endAll(hooks.all);
    guest.send('go on');
  });
  const [code, signal] = await ended;
  if (code !== 0 || profiled === undefined) throw new Error(`The profiled program of ${name} (${provider}) ended with ${signal ?? `status ${code}`}.`);
  return profiled;
}

async function profile(): Promise<Profiled[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-profile-'));
  const hooks = new Hooks();
  try {
    const socketPath = join(directory, 'hooks.sock');
    await hooks.listen(socketPath);
    const hookUrl = new URL(`hook.js?socket=${encodeURIComponent(socketPath)}`, import.meta.url).href;
    const host = provider === 'gpup' ? await startProfiledHost(hookUrl) : undefined;
    const environment = host === undefined ? (await findAdapter()).environment : { [SOCKET_VARIABLE]: host.socketPath };
    const guest = spawn(process.execPath, ['--import', hookUrl, join(here, 'guest.js'), provider, name, options.seconds], {
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    try {
      return await conduct(guest, hooks);
    } finally {
      guest.kill('SIGKILL');
      host?.end();
    }
  } finally {
    hooks.close();
    rmSync(directory, { recursive: true, force: true });
  }
}

const percent = (part: number, whole: number): string => `${((part / whole) * 100).toFixed(1)} %`;
const ms = (us: number): string => (us / 1000).toFixed(us < 10_000 ? 2 : 1);

function printStages(parts: readonly (Profiled & { readonly breakdown: Breakdown })[]): void {
  // Also those in which no sample fell: a row that is missing says less than a zero.
  const stages = STAGES;
  const cells = ({ breakdown }: { readonly breakdown: Breakdown }, us: number): string[] => [ms(us), percent(us, breakdown.totalUs)];
  const rows = stages.map((stage) => [stage, STAGE_MEANING[stage], ...parts.flatMap((part) => cells(part, part.breakdown.stages.get(stage) ?? 0))]);
  const head = ['stage', '', ...parts.flatMap(({ role }) => [`${role} ms`, ''])];
  const cpu = [
    ['CPU', 'of this thread, as the kernel counts it', ...parts.flatMap((part) => cells(part, part.mainThreadMs * 1000))],
    ['', 'of all threads: software GPU, compilers, collectors', ...parts.flatMap((part) => cells(part, part.processMs * 1000))],
  ];
  console.log(formatTable([head, ...rows, ...cpu], 2));
}

function printFunctions({ role, breakdown }: { readonly role: Role; readonly breakdown: Breakdown }): void {
  const hot = breakdown.functions.filter(({ stage, us }) => stage !== 'wait' && us > breakdown.totalUs / 500).slice(0, HOT_FUNCTION_COUNT);
  if (hot.length === 0) return;
  console.log(`\n${role}: functions by their own time`);
  console.log(formatTable(hot.map(({ name, place, stage, us }) => [stage, `${name}  ${place}`, percent(us, breakdown.totalUs), ms(us)]), 2));
}

const found = await profile();
const placeOf = placeFinder(root, PROVIDER_PATH);
const contextOf = (role: Role): StageContext => ({ role, hasDawn: role === 'vf' || provider !== 'gpup', placeOf });
const parts = found
  .map((each) => ({ ...each, breakdown: breakDown(JSON.parse(readFileSync(each.file, 'utf8')) as CpuProfile, contextOf(each.role)) }))
  .sort((a, b) => ['guest', 'vf', 'host'].indexOf(a.role) - ['guest', 'vf', 'host'].indexOf(b.role));
console.log(`${name}, ${provider}: ${((parts[0]?.breakdown.totalUs ?? 0) / 1e6).toFixed(1)} s of measured rounds, by the thread that runs JavaScript\n`);
printStages(parts);
for (const part of parts) printFunctions(part);
console.log(`\nProfiles: ${parts.map(({ file }) => file).join(' ')}`);
// npm webgpu may not end by itself.
process.exit(0);
