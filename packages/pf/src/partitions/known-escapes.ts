import { ESCAPE_NAMES } from '@gpup/vf/boot';
import { Refusal } from '../refusal.ts';

/** Names of a later version may stand in a file that a host has written; nobody can ask for one. */
export function checkEscapes(names: readonly string[] | undefined): void {
  for (const [index, name] of (names ?? []).entries()) {
    if (ESCAPE_NAMES.some((known) => known === name)) continue;
    throw new Refusal('unknown-escape', `The escape "${name.slice(0, 100)}" is none of ${ESCAPE_NAMES.join(', ')}.`, `escapes[${index}]`);
  }
}
