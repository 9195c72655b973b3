import { equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const module = new URL('./end-timer.js', import.meta.url).href;

function endOf(script: string): string | number | null {
  const { signal, status } = spawnSync(process.execPath, ['--input-type=module', '-e', `import { endProcessAfter } from '${module}'; ${script}`], { timeout: 30_000 });
  return signal ?? status;
}

test('ends a process whose thread never comes back', () => {
  equal(endOf('endProcessAfter(20); for (;;) {}'), 'SIGALRM');
});

test('a later call takes the place of an earlier one', () => {
  equal(endOf('endProcessAfter(20); endProcessAfter(3_600_000); setTimeout(() => process.exit(7), 200);'), 7);
});

test('a whole number of seconds is a time like any other', () => {
  equal(endOf('endProcessAfter(1000); for (;;) {}'), 'SIGALRM');
});
