import type { SchedulingPolicy } from '@gpup/api/client';
import { simpleGuest } from '../guests.ts';
import { judged } from '../outcome.ts';
import { sum } from '../shares.ts';
import { type Actor, type Stage, onStage } from '../stage.ts';
import type { Scene } from './scene.ts';

const PART_MIN = 0.98;
const IDLE_COUNT = 7;
const ALTERNATIONS = 3;
const ACTIVE = 'active';
const SETTLED_WINDOWS = 2.5;

/**
 * What a guest has that is the only one to work, beside others that have contexts and are idle, against what it has
 * where it is the only one at all. The same guest's process, the others coming and going in turn.
 */
export const onlyActive: Scene = {
  name: 'only-active',
  title: 'The only active guest',
  run(context) {
    const { timing, calibration, onStep } = context;
    const actor = (name: string): Actor => ({ name, size: `1/${IDLE_COUNT + 1}`, plan: simpleGuest(calibration) });
    const idle = Array.from({ length: IDLE_COUNT }, (_, i) => actor(`idle-${i + 1}`));
    return onStage(timing, async (stage) => {
      onStep('the guest starts');
      await stage.enter([actor(ACTIVE)]);
      await stage.warmUp();
      const alone = [await paceUnder('best-effort', stage)];
      const beside: number[] = [];
      const single: number[] = [];
      for (let i = 0; i < ALTERNATIONS; i++) {
        onStep(`beside ${IDLE_COUNT} idle ones, ${i + 1}/${ALTERNATIONS}`);
        await stage.enter(idle);
        await settled(stage);
        beside.push(await paceUnder('best-effort', stage));
        await stage.leave(idle.map(({ name }) => name));
        await settled(stage);
        onStep(`the only one at all, ${i + 1}/${ALTERNATIONS}`);
        single.push(await paceUnder('equal-share', stage));
        alone.push(await paceUnder('best-effort', stage));
      }
      const part = meanOf(beside) / meanOf(alone);
      return {
        part: this.name,
        figures: [
          judged('best_effort_only_active', part, { bar: { sign: '≥', limit: PART_MIN } }),
          // One running partition has all of the adapter under equal-share too: what asking for turns would cost.
          judged('equal_share_single', meanOf(single) / meanOf(alone)),
        ],
        groups: [{ title: `one active beside ${IDLE_COUNT} idle, best-effort`, guests: [{ guest: ACTIVE, share: part, promised: 1, submitCount: sum(beside), heldPart: 1, turnCount: 0, alonePerSecond: paceOf(alone, timing.windowMs) }] }],
        latencies: [],
        driftPart: (Math.max(...alone) - Math.min(...alone)) / Math.max(...alone), othersPart: stage.othersPartMax,
      };
    });
  },
};

/** Others that have come or gone keep the machine busy for twenty seconds, with what they load, compile and give back. */
async function settled(stage: Stage): Promise<void> {
  await stage.together([ACTIVE], SETTLED_WINDOWS * stage.timing.windowMs);
}

async function paceUnder(policy: SchedulingPolicy, stage: Stage): Promise<number> {
  await stage.schedule({ policy });
  return (await stage.together([ACTIVE])).get(ACTIVE)?.submitCount ?? 0;
}

function meanOf(values: readonly number[]): number {
  return sum(values) / values.length;
}

function paceOf(counts: readonly number[], windowMs: number): number {
  return (meanOf(counts) * 1000) / windowMs;
}
