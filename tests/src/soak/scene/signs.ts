import { SOAK_LIMITS } from '../limits.ts';
import type { GuestProcess } from './guest-process.ts';

type Signs = Pick<GuestProcess, 'id' | 'place' | 'state' | 'rounds' | 'signMs' | 'isPaused'>;

/** Guests that do not get on. Times are those of one clock; what was before `watchedSinceMs` counts for nobody. */
export function hangComplaints(guests: readonly Signs[], nowMs: number, watchedSinceMs: number): readonly string[] {
  return guests
    .filter(({ isPaused, signMs }) => !isPaused && nowMs - Math.max(signMs, watchedSinceMs) > SOAK_LIMITS.guestHangMsMax)
    .map(({ id, place, state, rounds }) => `Guest ${id} in ${place} (${state}) has shown no sign for ${SOAK_LIMITS.guestHangMsMax} ms after ${rounds} rounds.`);
}
