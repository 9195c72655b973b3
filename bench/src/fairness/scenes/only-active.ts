import type { SchedulingPolicy } from '@gpup/api/client';
import { simpleGuest } from '../guests.ts';
import { PIECE_SETTLE_MS, thereOrBack } from '../laps.ts';
import { judged } from '../outcome.ts';
import { sum } from '../shares.ts';
import { type Actor, type Stage, onStage } from '../stage.ts';
import type { Scene } from './scene.ts';

const PART_MIN = 0.98;
const IDLE_COUNT = 7;
const ALTERNATIONS = 3;
const ACTIVE = 'active';
const SETTLED_WINDOWS = 2.5;
/** Of a window each, and so many of each kind. */
const PIECE_PART = 1 / 4;
const PIECE_COUNT = 12;

/**
 * What a guest has that is the only one to work, beside others that have contexts and are idle, against what it has alone.
 * Alone in two ways: the others' processes and VFs stand still, for a moment each time, so that both are measured within
 * seconds of each other; and it is the only one at all, the others coming and going in turn, which takes minutes, in which
 * a machine's pace changes by more than what is asked for.
 */
export const onlyActive: Scene = {
  name: 'only-active',
  title: 'The only active guest',
  run(context) {
    const { timing, calibration, onStep } = context;
    const actor = (name: string): Actor => ({ name, size: `1/${IDLE_COUNT + 1}`, plan: simpleGuest(calibration) });
    const idle = Array.from({ length: IDLE_COUNT }, (_, i) => actor(`idle-${i + 1}`));
    const idleNames = idle.map(({ name }) => name);
    return onStage(timing, async (stage) => {
      onStep('the guest starts');
      await stage.enter([actor(ACTIVE)]);
      await stage.warmUp();
      const alone = [await paceUnder('best-effort', stage)];
      const beside: number[] = [];
      const single: number[] = [];
      const parts: number[] = [];
      for (let i = 0; i < ALTERNATIONS; i++) {
        onStep(`beside ${IDLE_COUNT} idle ones, ${i + 1}/${ALTERNATIONS}`);
        await stage.enter(idle);
        await settled(stage);
        beside.push(await paceUnder('best-effort', stage));
        onStep(`beside ${IDLE_COUNT} that stand still, ${i + 1}/${ALTERNATIONS}`);
        parts.push(await partBeside(idleNames, stage));
        await stage.leave(idleNames);
        await settled(stage);
        onStep(`the only one at all, ${i + 1}/${ALTERNATIONS}`);
        single.push(await paceUnder('equal-share', stage));
        alone.push(await paceUnder('best-effort', stage));
      }
      const part = meanOf(beside) / meanOf(alone);
      return {
        part: this.name,
        figures: [
          judged('best_effort_only_active', meanOf(parts), { bar: { sign: '≥', limit: PART_MIN } }),
          judged('best_effort_only_active_lowest', Math.min(...parts)),
          judged('best_effort_only_active_highest', Math.max(...parts)),
          judged('best_effort_only_active_of_only_one', part, { bar: { sign: '≥', limit: PART_MIN } }),
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

/** Beside those that are idle, of what it has beside the same ones standing still. */
async function partBeside(names: readonly string[], stage: Stage): Promise<number> {
  await stage.schedule({ policy: 'best-effort' });
  const piece = async (): Promise<number> => (await stage.together([ACTIVE], stage.timing.windowMs * PIECE_PART, PIECE_SETTLE_MS)).get(ACTIVE)?.submitCount ?? 0;
  let besideCount = 0;
  let aloneCount = 0;
  const beside = async (): Promise<void> => {
    besideCount += await piece();
  };
  const alone = async (): Promise<void> => {
    aloneCount += await stage.without(names, piece);
  };
  for (let i = 0; i < PIECE_COUNT; i++) await thereOrBack(i, [beside, alone]);
  return besideCount / aloneCount;
}

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
