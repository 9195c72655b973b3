import { type Finding, findingKey } from './finding.ts';
import type { Case, Target } from './target.ts';

/**
 * Takes away from a case what its finding does not need: first steps, in ever smaller groups, then words
 * of steps. What is left is a case of the same finding.
 */
export async function minimize(target: Target, kept: Case, finding: Finding, deadlineMs: number): Promise<Case> {
  const key = findingKey(finding);
  const stillFails = async (steps: readonly string[]): Promise<boolean> => {
    if (performance.now() > deadlineMs) return false;
    const again = await target.replay({ options: kept.options, steps });
    return again !== null && findingKey(again) === key;
  };
  if (!(await stillFails(kept.steps))) return kept;
  let steps = await dropGroups(kept.steps, stillFails);
  for (let index = steps.length - 1; index >= 0; index--) {
    const words = (steps[index] as string).split(' ');
    const withWords = (some: readonly string[]): string[] => steps.with(index, some.join(' '));
    let fewer = await dropGroups(words, (some) => (some.length === 0 ? Promise.resolve(false) : stillFails(withWords(some))));
    fewer = await zeroWords(fewer, (some) => stillFails(withWords(some)));
    steps = withWords(fewer);
  }
  return { options: kept.options, steps };
}

/** Leaves out groups of half the length, a quarter, and so on, down to single elements. */
async function dropGroups(all: readonly string[], stillFails: (some: readonly string[]) => Promise<boolean>): Promise<string[]> {
  let some = [...all];
  for (let size = Math.max(1, some.length >> 1); ; size >>= 1) {
    for (let at = 0; at < some.length; ) {
      const fewer = [...some.slice(0, at), ...some.slice(at + size)];
      if (await stillFails(fewer)) some = fewer;
      else at += size;
    }
    if (size <= 1) return some;
  }
}

async function zeroWords(words: readonly string[], stillFails: (some: readonly string[]) => Promise<boolean>): Promise<string[]> {
  let some = [...words];
  for (const [at, word] of words.entries()) {
    if (word === '0' || !/^[0-9a-f]+$/.test(word)) continue;
    const simpler = some.with(at, '0');
    if (await stillFails(simpler)) some = simpler;
  }
  return some;
}
