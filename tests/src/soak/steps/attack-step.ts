/** A hostile guest does to its partition's socket, and to its aperture, whatever it can. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pickOrNull } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import type { Place } from '../scene/place.ts';
import type { Scene } from '../scene/scene.ts';

const PROGRAM = fileURLToPath(new URL('../hostile/main.js', import.meta.url));
/** Losses that are no answer to an attack but a crash. */
const CRASHES: ReadonlySet<string> = new Set(['vf-died', 'vf-bug']);

export interface Attack {
  readonly place: Place;
  readonly seed: number;
  readonly count: number;
}

export const ATTACK: StepKind<Attack> = {
  name: 'attack',
  weight: { calm: 5, rough: 4 },
  choose(world, random) {
    const place = pickOrNull(random, world.places);
    return place === null ? null : { place, seed: random.word(), count: random.between(3, 12) };
  },
  foresee() {},
  async perform(scene, attack) {
    if (scene.background.isRunning('attack')) return;
    scene.background.start('attack', () => runAttack(scene, attack));
  },
};

async function runAttack(scene: Scene, { place, seed, count }: Attack): Promise<void> {
  const { disturbances } = scene;
  const socketPath = scene.socketOf(place);
  const env = { ...process.env, GPUP_SOCKET: socketPath };
  const attacker = spawn(process.execPath, [PROGRAM, socketPath, String(seed), String(count)], { stdio: ['ignore', 'pipe', 'ignore'], env });
  createInterface(attacker.stdout).on('line', (line) => {
    const { index, verdict } = JSON.parse(line) as { readonly index: number; readonly verdict: string };
    scene.findings.count(`attacks.${verdict}`);
    const isCrash = CRASHES.has(verdict) && scene.disturbances === disturbances;
    if (isCrash) scene.findings.violate('attacks', `Attack ${index} of seed ${seed} on ${place} has ended its VF without a reason: ${verdict}.`);
  });
  await once(attacker, 'close');
}

export const ATTACK_STEPS = [stepKind(ATTACK)];
