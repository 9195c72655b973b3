/**
 * `npm run soak -- [--minutes 5] [--seed N] [--json FILE] [--markdown FILE] [--verbose]`: a host, its guests and its enemies, for so
 * long. Exit status 1 where something is not as it must be: the seed and the step say how to see it again. docs/soak.md.
 */
import { writeFileSync } from 'node:fs';
import { commandLineOf } from './options.ts';
import { markdownOf } from './report/summary.ts';
import { ACT_STEPS, TDR_DELAYS, soak } from './soak.ts';

const CLEAR_LINE = '\r\x1b[K';

/** Nothing is left of the host that way. What its guests were told by the same terminal is no finding. */
const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interrupted.abort());

async function main(): Promise<number> {
  const { minutes, seed, jsonPath, markdownPath, isVerbose } = commandLineOf(process.argv.slice(2), Date.now());
  console.log(`Soak of ${minutes} minutes, seed ${seed}.`);
  const startMs = performance.now();
  const onProgress = (step: string): void => {
    const text = `${((performance.now() - startMs) / 60_000).toFixed(2)} min: ${step}`;
    if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${text.slice(0, process.stderr.columns - 1)}`);
    else if (isVerbose || /^\d+ quiesce/.test(step)) process.stderr.write(`${text}\n`);
  };
  const summary = await soak({ minutes, seed, actSteps: ACT_STEPS, tdr: TDR_DELAYS, onProgress, signal: interrupted.signal });
  if (process.stderr.isTTY) process.stderr.write(CLEAR_LINE);
  if (jsonPath !== null) writeFileSync(jsonPath, `${JSON.stringify(summary, null, 2)}\n`);
  if (markdownPath !== null) writeFileSync(markdownPath, markdownOf(summary));
  console.log(markdownOf(summary));
  if (!summary.isClean) console.error(`Not clean, at step ${summary.lastStep} of seed ${seed}; the host's files are in ${summary.keptDirectory}.`);
  return summary.isClean ? 0 : 1;
}

process.exit(await main());
