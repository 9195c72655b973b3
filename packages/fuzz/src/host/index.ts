/** A hostile guest, for others to be attacked by. */
export { Random } from '../input/random.ts';
export { Attacker } from './attacker.ts';
export { think } from './host-target.ts';
