/** The measured program of a profiled run: `guest.js PROVIDER NAME SECONDS`, with an IPC channel to the tool. */
import { once } from 'node:events';
import { openProgram } from '../measured-program.ts';
import { isProvider } from '../provider.ts';

const CALIBRATION_MS_MIN = 300;

const [providerName = '', name = '', seconds = '2'] = process.argv.slice(2);
if (!isProvider(providerName)) throw new Error(`The provider (${providerName}) is unknown.`);

/** Passed on to the tool, which answers when every process has obeyed. */
async function tell(what: 'begin' | 'end'): Promise<void> {
  const answered = once(process, 'message');
  process.send?.(what);
  await answered;
}

const { measure } = await openProgram(providerName, name);
// Tells how long a round is once all is warm.
let scale = 1;
let elapsedMs = 0;
for (;;) {
  const startMs = performance.now();
  await measure(scale);
  elapsedMs = performance.now() - startMs;
  if (elapsedMs >= CALIBRATION_MS_MIN) break;
  scale *= 4;
}
const profiledScale = Math.max(1, Math.round((scale * Number(seconds) * 1000) / elapsedMs));
await tell('begin');
await measure(profiledScale);
await tell('end');
process.exit(0);
