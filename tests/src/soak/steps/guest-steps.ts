/** Guests come, work, and go. */
import { ESCAPE_NAMES, type EscapeAnswer, type EscapeName, type FillAnswer } from '../guest/lines.ts';
import { SOAK_LIMITS } from '../limits.ts';
import { oneIn, pick, pickOrNull } from '../plan/draw.ts';
import type { PlannedGuest, PlannedWorld } from '../plan/planned-world.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { GuestEnded, type GuestProcess } from '../scene/guest-process.ts';
import { type Place, WHOLE_ADAPTER } from '../scene/place.ts';
import { REASONS } from '../scene/reasons.ts';
import type { Scene } from '../scene/scene.ts';
import { SETTLING, settled } from '../scene/settled.ts';

const MIB = 2 ** 20;
const PAUSES_MS = [40, 100, 250] as const;

export interface GuestStart {
  readonly id: number;
  readonly place: Place;
  readonly transport: 'aperture' | 'stream';
  readonly pauseMs: number;
}

export function chooseStart(world: PlannedWorld, random: Parameters<StepKind<GuestStart>['choose']>[1]): GuestStart | null {
  // An adapter that is given away whole takes one.
  const places = world.places.filter((place) => place !== WHOLE_ADAPTER || world.guestsIn(place).length === 0);
  const place = pickOrNull(random, places);
  if (place === null || world.guests.size >= SOAK_LIMITS.guestsMax) return null;
  return { id: world.guestCount + 1, place, transport: oneIn(random, 4) ? 'stream' : 'aperture', pauseMs: pick(random, PAUSES_MS) };
}

export const START: StepKind<GuestStart> = {
  name: 'guest-start',
  weight: { calm: 24, rough: 20 },
  choose: chooseStart,
  foresee: (world, { id, place }) => world.addGuest({ id, place }),
  perform: (scene, start) => scene.startGuest(start).settled,
};

function chooseGuest(world: PlannedWorld, random: Parameters<StepKind<PlannedGuest>['choose']>[1]): { readonly id: number } | null {
  const guest = pickOrNull(random, [...world.guests.values()]);
  return guest === null ? null : { id: guest.id };
}

/** It compares all that it has, and ends. */
export const END: StepKind<{ readonly id: number }> = {
  name: 'guest-end',
  weight: { calm: 4, rough: 4 },
  choose: chooseGuest,
  foresee: (world, { id }) => void world.guests.delete(id),
  async perform(scene, { id }) {
    const guest = scene.guests.runningOf(id);
    guest?.tellToEnd();
    await guest?.ended;
  },
};

export const KILL: StepKind<{ readonly id: number }> = {
  name: 'guest-kill',
  weight: { calm: 4, rough: 4 },
  choose: chooseGuest,
  foresee: (world, { id }) => void world.guests.delete(id),
  async perform(scene, { id }) {
    const guest = scene.guests.all.find((each) => each.id === id);
    guest?.kill();
    await guest?.ended;
  },
};

/** What a guest is asked for and has no answer to because it has ended meanwhile is judged by its end. */
async function askGuest<T>(scene: Scene, id: number, ask: (guest: GuestProcess) => Promise<T>): Promise<T | null> {
  const guest = scene.guests.runningOf(id);
  if (guest === undefined) return null;
  try {
    return await ask(guest);
  } catch (error) {
    if (error instanceof GuestEnded) return null;
    throw error;
  }
}

export const FILL: StepKind<{ readonly id: number; readonly bytesMax: number }> = {
  name: 'guest-fill',
  weight: { calm: 6, rough: 5 },
  choose(world, random) {
    const guest = chooseGuest(world, random);
    return guest === null ? null : { ...guest, bytesMax: random.between(1, 96) * MIB };
  },
  foresee() {},
  async perform(scene, { id, bytesMax }) {
    const answer = await askGuest(scene, id, (guest) => guest.ask<FillAnswer>({ name: 'fill', bytesMax }));
    if (answer !== null) scene.findings.count(answer.refusedBytes === null ? 'fills.granted' : 'fills.to the brim');
  },
};

export const FREE: StepKind<{ readonly id: number }> = {
  name: 'guest-free',
  weight: { calm: 4, rough: 3 },
  choose: chooseGuest,
  foresee() {},
  async perform(scene, { id }) {
    await askGuest(scene, id, (guest) => guest.ask({ name: 'free' }));
  },
};

export const DRAW: StepKind<{ readonly id: number; readonly frameCount: number }> = {
  name: 'guest-draw',
  weight: { calm: 4, rough: 3 },
  choose(world, random) {
    const guest = chooseGuest(world, random);
    return guest === null ? null : { ...guest, frameCount: random.between(1, 30) };
  },
  foresee() {},
  async perform(scene, { id, frameCount }) {
    const complaint = await askGuest(scene, id, (guest) => guest.ask<string | null>({ name: 'draw', frameCount }));
    if (complaint === null) scene.findings.count('work.frames', frameCount);
  },
};

/** Open for guests of some partitions, and closed for those of others. */
export const ESCAPE: StepKind<{ readonly id: number; readonly name: EscapeName }> = {
  name: 'guest-escape',
  weight: { calm: 4, rough: 3 },
  choose(world, random) {
    const guest = chooseGuest(world, random);
    return guest === null ? null : { ...guest, name: pick(random, ESCAPE_NAMES) };
  },
  foresee() {},
  async perform(scene, { id, name }) {
    // A VF hears of a change by a line of its own, which nobody waits for.
    const complaints = await settled(() => escapeComplaints(scene, id, name), SETTLING);
    for (const complaint of complaints) scene.findings.violate('escapes', complaint);
  },
};

async function escapeComplaints(scene: Scene, id: number, name: EscapeName): Promise<readonly string[]> {
  const guest = scene.guests.runningOf(id);
  const isOpen = guest === undefined ? null : scene.ledger.isOpen(guest.place, name);
  const answer = await askGuest(scene, id, (each) => each.ask<EscapeAnswer>({ name: 'escape', escape: name }));
  if (answer === null || guest === undefined || isOpen === null) return [];
  scene.findings.count(`escapes.${answer.kind === 'answered' ? 'answered' : answer.code}`);
  const isRight = answer.kind === 'answered' ? isOpen : !isOpen && answer.code === 'escape-closed';
  return isRight ? [] : [`The escape ${name} of guest ${id} in ${guest.place} is ${isOpen ? 'open' : 'closed'}, and the host answers ${JSON.stringify(answer)}.`];
}

/** The host ends a guest's context: it is told why. */
export const CONTEXT_END: StepKind<{ readonly id: number }> = {
  name: 'context-end',
  weight: { calm: 3, rough: 2 },
  choose: chooseGuest,
  foresee: (world, { id }) => void world.guests.delete(id),
  async perform(scene, { id }) {
    const guest = scene.guests.runningOf(id);
    const context = guest === undefined ? undefined : await scene.contextOf(guest);
    if (guest === undefined || context === undefined) return;
    guest.allow(REASONS.endedByHost);
    const answer = await scene.ask((host) => host.endContext(context.id));
    if (answer.kind === 'done') await guest.ended;
  },
};

export const GUEST_STEPS = [stepKind(START), stepKind(END), stepKind(KILL), stepKind(FILL), stepKind(FREE), stepKind(DRAW), stepKind(ESCAPE), stepKind(CONTEXT_END)];
