/** `node tests/dist/soak/idle.js [GUESTS] [SECONDS]`: what guests that do nothing cost, with their VFs. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { startHost } from '@gpup/guest';
import { mappedFilesOf } from '@gpup/os';
import { pssBytes, vfProcesses } from './vf-processes.ts';

export interface IdleResult {
  readonly guestCount: number;
  readonly seconds: number;
  /** Processor time of a guest and its VF together, percent of one core: the largest, and the mean. */
  readonly cpuPercentMax: number;
  readonly cpuPercentMean: number;
  /** Proportional set size of a VF, MiB. */
  readonly vfPssMiBMax: number;
  /** The same of the VF process that waits for a next guest. */
  readonly pooledCpuPercent: number;
  readonly pooledPssMiB: number;
}

const SETTLED_PERCENT = 0.05;
const WINDOW_COUNT_MAX = 8;
const SETTLE_MS_MAX = 20_000;

/** Nanoseconds on a processor, from the scheduler's own account: clock ticks are too coarse for an idle process. */
function cpuNs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]);
}

async function cpuPercents(pids: readonly number[], seconds: number): Promise<number[]> {
  const before = pids.map(cpuNs);
  const start = performance.now();
  await sleep(seconds * 1000);
  const elapsedNs = (performance.now() - start) * 1e6;
  return pids.map((pid, i) => ((cpuNs(pid) - (before[i] as number)) / elapsedNs) * 100);
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The guests' VF processes, and the one that waits, which comes a while after the last guest. */
async function settledVfs(guestCount: number): Promise<{ readonly vfs: readonly number[]; readonly pooled: number }> {
  const deadlineMs = performance.now() + SETTLE_MS_MAX;
  for (;;) {
    const all = vfProcesses();
    const vfs = all.filter((pid) => mappedFilesOf(pid).some(({ path }) => path.includes('memfd:gpup')));
    const pooled = all.find((pid) => !vfs.includes(pid));
    if (vfs.length === guestCount && all.length === guestCount + 1 && pooled !== undefined) return { vfs, pooled };
    if (performance.now() > deadlineMs) throw new Error(`${all.length} VF processes, ${vfs.length} of them with a guest, for ${guestCount} guests.`);
    await sleep(100);
  }
}

export async function measureIdle(options: { readonly guestCount: number; readonly seconds: number }): Promise<IdleResult> {
  const host = await startHost({ pool: 1 });
  const program = join(dirname(fileURLToPath(import.meta.url)), 'idle-guest.js');
  const guests: ChildProcess[] = [];
  try {
    for (let i = 0; i < options.guestCount; i++) {
      const guest = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: host.socketPath } });
      guests.push(guest);
      await once(createInterface(guest.stdout as NodeJS.ReadableStream), 'line');
    }
    const { vfs, pooled } = await settledVfs(options.guestCount);
    const pids = [...vfs, ...guests.map((guest) => guest.pid as number), pooled];
    let pairs: number[] = [];
    let pooledCpuPercent = 0;
    // V8 goes on collecting and compiling for some seconds after the last work; that is not idling.
    for (let window = 0; window < WINDOW_COUNT_MAX; window++) {
      const percents = await cpuPercents(pids, options.seconds);
      pairs = vfs.map((_, i) => (percents[i] as number) + (percents[i + vfs.length] as number));
      pooledCpuPercent = percents.at(-1) as number;
      if (mean(pairs) < SETTLED_PERCENT && pooledCpuPercent < SETTLED_PERCENT) break;
    }
    return {
      guestCount: options.guestCount,
      seconds: options.seconds,
      cpuPercentMax: Math.max(...pairs),
      cpuPercentMean: mean(pairs),
      vfPssMiBMax: Math.max(...vfs.map(pssBytes)) / 2 ** 20,
      pooledCpuPercent,
      pooledPssMiB: pssBytes(pooled) / 2 ** 20,
    };
  } finally {
    for (const guest of guests) guest.kill('SIGKILL');
    await host.end();
  }
}

if (process.argv[1]?.endsWith('idle.js')) {
  const [guestCount = '8', seconds = '10'] = process.argv.slice(2);
  console.log(JSON.stringify(await measureIdle({ guestCount: Number(guestCount), seconds: Number(seconds) })));
  process.exit(0);
}
