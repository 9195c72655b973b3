/**
 * Kills one process of a run at every named step of its start-up and shut-down, and then at random
 * moments. Whoever is left must notice, end, and leave nothing behind: each run uses the directory of
 * the one before.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { GUEST_STEPS } from '@gpup/guest';
import { PF_STEPS } from '@gpup/pf';
import { VF_STEPS } from '@gpup/vf/boot';
import { CLI_STEPS } from './steps.ts';
import { ROLES, type Role } from './testing/processes.ts';
import { type GuestMode, Run, RuntimeDirectory } from './testing/scenario.ts';

const runtime = new RuntimeDirectory();
let noticeMsMax = 0;
after(() => {
  runtime.remove();
  console.log(`# slowest end of a run after a kill: ${noticeMsMax.toFixed(0)} ms`);
});

const STEPS = [...CLI_STEPS, ...GUEST_STEPS, ...PF_STEPS, ...VF_STEPS];
type Step = (typeof STEPS)[number];

/** What brings a run to the steps that an idle guest never reaches. */
const MODES: Partial<Record<Step, GuestMode>> = {
  'cli.program-ended': 'exit',
  'cli.host-ended': 'exit',
  'guest.lost': 'fault',
  'pf.vf-gone': 'fault',
  'vf.ending': 'fault',
};

/** Steps of a host process that is told to end while a guest still has its GPU. */
const SHUTDOWN_STEPS: ReadonlySet<Step> = new Set(['pf.closing', 'pf.vfs-killed', 'pf.directory-removed']);

describe('a kill at a step', () => {
  for (const step of STEPS) {
    for (const victim of ROLES) {
      test(`${step}: ${victim} is killed`, async (t) => {
        const run = new Run(runtime, { mode: MODES[step] ?? 'idle', freezeAt: step });
        t.after(() => run.killAll());
        if (SHUTDOWN_STEPS.has(step)) {
          await run.linked();
          signal(run.pidOf('host') as number, 'SIGTERM');
        }
        if (step === 'pf.guest-gone') await endGuestUnnoticedByVf(run);
        const frozenPid = await run.frozen();
        const victimPid = run.pidOf(victim);
        // Not there at this step: then the one that is there from beginning to end.
        const wasLinked = run.isLinked;
        signal(victimPid ?? (run.child.pid as number), 'SIGKILL');
        signal(frozenPid, 'SIGCONT');
        if (victim === 'vf' && victimPid !== undefined && !wasLinked) await endIfReplaced(run);
        await allGone(run, victimPid === undefined ? 'cli' : victim);
      });
    }
  }
});

describe('a kill at a random moment', () => {
  const seed = Number(process.env['GPUP_TEST_SEED'] ?? Date.now() % 1_000_000);
  const random = randomNumbers(seed);
  for (let round = 0; round < 50; round++) {
    const delayMs = random() * 600;
    const victim = ROLES[Math.floor(random() * ROLES.length)] as Role;
    const mode: GuestMode = random() < 0.3 ? 'exit' : 'idle';
    test(`seed ${seed}, round ${round}: ${victim} is killed after ${delayMs.toFixed(0)} ms`, async (t) => {
      const run = new Run(runtime, { mode });
      t.after(() => run.killAll());
      await new Promise((resolve) => setTimeout(resolve, delayMs));
      const victimPid = run.pidOf(victim);
      // Not there yet, or not any more: then the one that is there from beginning to end.
      const wasLinked = run.isLinked;
      signal(victimPid ?? (run.child.pid as number), 'SIGKILL');
      if (victim === 'vf' && victimPid !== undefined && !wasLinked) await endIfReplaced(run);
      await allGone(run, victimPid === undefined ? 'cli' : victim);
    });
  }
});

test('a run after all this works', async (t) => {
  const run = new Run(runtime, { mode: 'exit' });
  t.after(() => run.killAll());
  await run.gone();
  deepEqual([await run.exit, run.output, runtime.entries()], [0, 'linked\n', []]);
});

/** The process may have ended by itself meanwhile. One that stands still can notice nothing but its own death. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}

/**
 * A VF process that is killed before the guest's connection is handed to it is nobody's loss: the guest gets
 * another one, and then has to be ended by us.
 */
async function endIfReplaced(run: Run): Promise<void> {
  await run.linkedOrGone();
  signal(run.pidOf('guest') ?? (run.child.pid as number), 'SIGKILL');
}

/** The VF notices as well, and where it is the first to say so the host never passes by the step. */
async function endGuestUnnoticedByVf(run: Run): Promise<void> {
  await run.linked();
  for (const pid of run.pidsOf('vf')) signal(pid, 'SIGSTOP');
  signal(run.pidOf('guest') as number, 'SIGKILL');
}

async function allGone(run: Run, victim: Role): Promise<void> {
  noticeMsMax = Math.max(noticeMsMax, await run.gone());
  // Whoever started the host removes its directory after it. With both gone at once, the next run does.
  if (victim !== 'cli') deepEqual(runtime.entries(), []);
}

/** mulberry32: the seed is the whole reproduction. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
