import { equal } from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { monotonicAheadMs, monotonicUs } from './clock.ts';

test('the monotonic clock is as far ahead as it is said to be', () => {
  const aheadMs = monotonicAheadMs();
  const before = performance.now();
  const monotonicMs = monotonicUs() / 1000;
  const after = performance.now();
  equal(monotonicMs - aheadMs >= before - 0.001 && monotonicMs - aheadMs <= after + 0.1, true);
});

test('also where nobody has asked for the time before', () => {
  const clock = fileURLToPath(new URL('./clock.js', import.meta.url));
  const program = `import { monotonicAheadMs } from '${clock}'; const first = monotonicAheadMs(); console.log(Math.abs(monotonicAheadMs() - first) < 0.5)`;
  equal(String(execFileSync(process.execPath, ['--input-type=module', '-e', program])).trim(), 'true');
});
