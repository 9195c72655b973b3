import { equal } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

test('what a terminal would act upon does not reach it', () => {
  const program = `import { logLine } from '${new URL('./log.js', import.meta.url).href}'; logLine('a\\u001b[2Jb\\u0007c\\u202e\\td');`;
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  equal(stderr, 'gpup host: a\ufffd[2Jb\ufffdc\ufffd\td\n');
});
