import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { completionScript } from './completion.ts';
import { SHELLS } from './shells.ts';
import { COMMANDS } from './table.ts';

/** What bash would offer for the last word. */
function completed(words: readonly string[]): readonly string[] {
  const script = `${completionScript('bash')}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gpup; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], { encoding: 'utf8' });
  equal(stderr, '');
  return stdout.trim().split('\n');
}

for (const [words, expected] of [
  [['gpup', 'r'], ['run', 'replay']],
  [['gpup', 'adapter'], ['adapters', 'adapter']],
  [['gpup', 'partition', ''], ['create', 'list', 'show', 'set', 'rm', 'unblock', '--help']],
  [['gpup', 'partition', 'rm', 'alpha', '--'], ['--force', '--host', '--help']],
  [['gpup', 'run', '--adapter', ''], ['auto', 'hardware', 'software']],
  [['gpup', 'adapter', 'set', 'software-0', '--mode', 'd'], ['dda']],
  [['gpup', 'completion', ''], ['bash', 'zsh', 'fish', '--help']],
  // Nobody can list these: the shell offers files.
  [['gpup', 'run', '--vram', ''], ['']],
  // A program's own words, which look like ours.
  [['gpup', 'run', '--', 'partition', ''], ['']],
] as const) {
  test(words.join(' '), () => deepEqual(completed(words), expected));
}

for (const shell of SHELLS) {
  test(`${shell} knows each command and option`, () => {
    const script = completionScript(shell);
    for (const { path, options } of COMMANDS) {
      ok(script.includes(`'${path}'`), path);
      for (const name of Object.keys(options)) ok(script.includes(shell === 'fish' ? `-l ${name}` : `--${name}`), name);
    }
  });
}
