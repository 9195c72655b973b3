import { equal, match, ok } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { CommandRow } from './command.ts';
import { help } from './help.ts';
import { manual } from './manual.ts';
import { COMMANDS, GROUPS } from './table.ts';

test('docs/cli.md is what the table gives (else: node packages/cli/dist/write-manual.js)', () => {
  equal(readFileSync(new URL('../../../../docs/cli.md', import.meta.url), 'utf8'), manual());
});

test('help of gpup names each command, or its group', () => {
  const page = help('gpup');
  match(page, /^Usage: gpup COMMAND \[OPTIONS\]\n/);
  for (const { path } of COMMANDS) ok(page.includes(`\n  ${path.split(' ')[0]} `), path);
});

for (const row of COMMANDS as readonly CommandRow[]) {
  test(`help of ${row.path} tells of each option, of exit statuses, and fits a terminal`, () => {
    const page = help(row.path);
    match(page, new RegExp(`^Usage: gpup ${row.path}`));
    for (const name of [...Object.keys(row.options), 'help']) ok(page.includes(`--${name}`), name);
    match(page, /\nExit status:\n/);
    for (const line of page.split('\n').slice(1)) ok(line.length <= 100 || row.examples.includes(line.trim()), line);
  });
}

test('each group is told of, and there is no other', () => {
  const groups = new Set(COMMANDS.flatMap(({ path }) => (path.includes(' ') ? [path.split(' ')[0] as string] : [])));
  equal(Object.keys(GROUPS).sort().join(), [...groups].sort().join());
  for (const group of groups) match(help(group), new RegExp(`^Usage: gpup ${group} COMMAND`));
});
