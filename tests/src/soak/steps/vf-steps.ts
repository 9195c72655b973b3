/** VF processes are killed: those of guests, and those that wait for one. */
import { pickOrNull } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { REASONS } from '../scene/reasons.ts';
import type { Scene } from '../scene/scene.ts';
import { processesOf } from '../seen/process-table.ts';

export const VF_KILL: StepKind<{ readonly id: number }> = {
  name: 'vf-kill',
  weight: { calm: 4, rough: 3 },
  choose(world, random) {
    const guest = pickOrNull(random, [...world.guests.values()]);
    return guest === null ? null : { id: guest.id };
  },
  foresee: (world, { id }) => void world.guests.delete(id),
  async perform(scene, { id }) {
    const guest = scene.guests.runningOf(id);
    const context = guest === undefined ? undefined : await scene.contextOf(guest);
    if (guest === undefined || context === undefined || context.vfPid === 0) return;
    guest.allow(REASONS.vfKilled);
    if (killVf(scene, context.vfPid)) await guest.ended;
  },
};

/** False: it was gone. */
export function killVf(scene: Scene, vfPid: number): boolean {
  scene.killedVfPids.add(vfPid);
  try {
    process.kill(vfPid, 'SIGKILL');
  } catch {
    return false;
  }
  scene.findings.count('VFs.killed');
  return true;
}

/** The host replaces it, later and later while that goes on. */
export const POOL_KILL: StepKind<Record<string, never>> = {
  name: 'pool-kill',
  weight: { calm: 1, rough: 1 },
  choose: () => ({}),
  foresee() {},
  async perform(scene) {
    const views = await scene.views();
    if (views === null) return;
    const isWaiting = ({ pid, role }: { readonly pid: number; readonly role: string }): boolean => role === 'vf' && !views.contexts.some(({ vfPid }) => vfPid === pid);
    const waiting = processesOf(scene.directory, scene.keeper.pid).find(isWaiting);
    // Somebody may be given it just now, and is told.
    scene.disturbances += 1;
    for (const guest of scene.guests.all) if (guest.state === 'starting') guest.allow(REASONS.noHost, REASONS.vfKilled);
    if (waiting !== undefined) killVf(scene, waiting.pid);
  },
};

export const VF_STEPS = [stepKind(VF_KILL), stepKind(POOL_KILL)];
