import { setTimeout as sleep } from 'node:timers/promises';
import { cpus } from 'node:os';
import { monotonicUs } from '@gpup/os';
import { cpuNs, descendants, machineBusyNs } from '../processes.ts';
import type { Window } from './guest-plan.ts';

/**
 * Which part of the machine's processors went to others than this bench, its host and its guests while a window counted:
 * on a software GPU it is missing from everybody's work, and not evenly.
 */
export async function othersPart({ fromUs, toUs }: Window): Promise<number> {
  await sleepUntil(fromUs);
  const before = busyNs();
  await sleepUntil(toUs);
  const after = busyNs();
  const othersNs = after.machine - before.machine - (after.own - before.own);
  return Math.max(0, othersNs / ((after.atUs - before.atUs) * 1000 * cpus().length));
}

function busyNs(): { readonly machine: number; readonly own: number; readonly atUs: number } {
  const own = [process.pid, ...descendants(process.pid)].reduce((sum, pid) => sum + cpuNs(pid), 0);
  return { machine: machineBusyNs(), own, atUs: monotonicUs() };
}

export async function sleepUntil(untilUs: number): Promise<void> {
  await sleep(Math.max(0, (untilUs - monotonicUs()) / 1000));
}
