/**
 * One guest: `guest.js PLAN`, a `GuestPlan` as JSON, with an IPC channel to the bench. It opens its contexts, says that it
 * is ready, and works when it is given a window. What it did then it tells after it has checked all of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { monotonicUs } from '@gpup/os';
import { loadProvider } from '../provider.ts';
import { ContextLoad, type Lane } from './context-load.ts';
import type { GuestPlan, GuestReply, Window } from './guest-plan.ts';
import { WindowTally } from './window-tally.ts';

const plan = JSON.parse(process.argv[2] ?? '') as GuestPlan;
const reply = (line: GuestReply): void => void process.send?.(line);
const failed = (error: unknown): void => reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);
// The bench is gone: nobody is left to work for.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const module = await loadProvider('gpup');
for (const [key, value] of Object.entries(module.globals)) Object.defineProperty(globalThis, key, { value, configurable: true, writable: true });
const loads: ContextLoad[] = [];
for (let i = 0; i < plan.contextCount; i++) loads.push(await ContextLoad.open(module.create([]), plan));
const lanesOf = (load: ContextLoad, count: number): Lane[] => Array.from({ length: count }, () => load.lane());
const lanes = loads.flatMap((load) => lanesOf(load, plan.pace.kind === 'depth' ? plan.pace.depth : 1));
// Everything is compiled before anything is measured.
await Promise.all(lanes.map((lane) => lane.submit()));
await Promise.all(loads.map((load) => load.verify()));

async function work(window: Window): Promise<void> {
  const tally = new WindowTally(window);
  await sleepUntil(window.startUs);
  await Promise.all(lanes.map((lane) => keepBusy(lane, window, tally)));
  // One after the other: a check takes the CPU from the GPU of those who still work.
  for (const load of loads) await load.verify();
  reply({ type: 'figures', figures: tally.figures });
}

async function keepBusy(lane: Lane, window: Window, tally: WindowTally): Promise<void> {
  let tickUs = window.startUs;
  while (monotonicUs() < window.toUs) {
    const beganUs = monotonicUs();
    const gpuMs = await lane.submit();
    const endedUs = monotonicUs();
    tally.finished({ beganUs, endedUs, gpuMs });
    if (plan.pace.kind === 'depth') continue;
    const periodUs = plan.pace.periodMs * 1000;
    tickUs += Math.max(1, Math.ceil((endedUs - tickUs) / periodUs)) * periodUs;
    await sleepUntil(tickUs);
  }
}

async function sleepUntil(untilUs: number): Promise<void> {
  const leftMs = (untilUs - monotonicUs()) / 1000;
  if (leftMs > 0) await sleep(leftMs);
}

process.on('message', (window) => {
  work(window as Window).catch(failed);
});
reply({ type: 'ready', adapter: loads[0]?.adapter ?? '' });
