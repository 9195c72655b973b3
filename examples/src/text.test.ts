import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { PLAIN, paletteFor, table, wrap } from './text.ts';

const CASES = [
  { text: 'one two three', width: 7, lines: ['one two', 'three'] },
  { text: 'one two three', width: 13, lines: ['one two three'] },
  { text: 'abcdefgh', width: 3, lines: ['abc', 'def', 'gh'] },
  { text: 'a bcdef', width: 3, lines: ['a', 'bcd', 'ef'] },
  { text: '', width: 3, lines: [''] },
];
for (const { text, width, lines } of CASES) {
  test(`wraps '${text}' at ${width}`, () => deepEqual(wrap(text, width), lines));
}

test('paint takes no room in a table, and a wrapped cell is painted line by line', () => {
  const paint = (text: string): string => `<${text}>`;
  const columns = [{ title: 'a' }, { title: 'long', flexible: true }, { title: 'n', align: 'right' }] as const;
  const text = table(columns, [['x', { text: `${'w'.repeat(24)} v`, paint }, '12']], { width: 10, palette: PLAIN });
  deepEqual(text.split('\n'), [
    'a  long                       n',
    '─  ────────────────────────  ──',
    `x  <${'w'.repeat(24)}>  12`,
    '   <v>',
  ]);
});

test('colours only a terminal, and not where the user wants none', () => {
  equal(paletteFor({ isTTY: true }, {}).good('x'), '\u001b[32mx\u001b[0m');
  equal(paletteFor({ isTTY: true }, { NO_COLOR: '1' }).good('x'), 'x');
  equal(paletteFor({ isTTY: true }, { TERM: 'dumb' }).good('x'), 'x');
  equal(paletteFor({}, {}).good('x'), 'x');
});
