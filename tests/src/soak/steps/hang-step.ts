/** A guest's work never ends, or its VF does not answer: a timeout ends that context, and the second one blocks the partition. */
import { Culprit, isStopped } from 'gpup/testing';
import { pick, pickOrNull } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import type { Scene } from '../scene/scene.ts';

const KINDS = ['compute', 'fragment', 'compile', 'compile-async', 'stop', 'destroy'] as const;

export interface Hang {
  readonly partition: string;
  readonly kind: (typeof KINDS)[number];
}

/** What a guest is told whose VF was ended for a timeout, or whose partition is blocked for one of its neighbours. */
const TIMED_OUT = /VF process was ended|It was the work of (this|another) device|is blocked until/;

export const HANG: StepKind<Hang> = {
  name: 'hang',
  weight: { calm: 3, rough: 2 },
  choose(world, random) {
    const partition = pickOrNull(random, [...world.partitions.keys()]);
    return partition === null ? null : { partition, kind: pick(random, KINDS) };
  },
  foresee() {},
  async perform(scene, hang) {
    if (scene.background.isRunning('hang')) return;
    scene.background.start('hang', () => runHang(scene, hang));
  },
};

async function runHang(scene: Scene, { partition, kind }: Hang): Promise<void> {
  const { disturbances } = scene;
  const culprit = new Culprit(scene.socketOf(partition));
  try {
    // It may be blocked, gone, or without memory for it.
    if (!('opened' in (await culprit.tell('open')))) return;
    scene.expectBlock(partition);
    const losses = kind === 'stop' ? await stopVf(scene, culprit) : await culprit.tell(`hang ${kind}`);
    if ('refused' in losses) return scene.findings.count('timeouts.no memory for one');
    scene.findings.count(`timeouts.${kind}`);
    const text = String(losses['innocent']);
    // What somebody else has ended meanwhile is told something else.
    if (scene.disturbances === disturbances && !TIMED_OUT.test(text)) scene.findings.violate('timeouts', `A guest in "${partition}" that hangs (${kind}) has lost its GPU with: ${text}`);
  } catch (error) {
    if (scene.disturbances === disturbances) throw error;
  } finally {
    culprit.kill();
  }
}

async function stopVf(scene: Scene, culprit: Culprit): Promise<Readonly<Record<string, unknown>>> {
  const answer = await scene.ask((host) => host.contexts());
  const vfPid = answer.kind === 'done' ? answer.value.find(({ guestPid }) => guestPid === culprit.pid)?.vfPid : undefined;
  if (vfPid === undefined || vfPid === 0 || isStopped(vfPid)) throw new Error(`The culprit (process ${culprit.pid}) has no VF to stop.`);
  process.kill(vfPid, 'SIGSTOP');
  return culprit.tell('await');
}

export const HANG_STEPS = [stepKind(HANG)];
