import { SORT_KEYS, type SortKey } from './sorting.ts';

export type KeyAction =
  | { readonly kind: 'quit' }
  | { readonly kind: 'suspend' }
  | { readonly kind: 'redraw' }
  | { readonly kind: 'sort'; readonly key: SortKey }
  | { readonly kind: 'scroll'; readonly by: 'row' | 'page' | 'end'; readonly sign: 1 | -1 };

const scroll = (by: 'row' | 'page' | 'end', sign: 1 | -1): KeyAction => ({ kind: 'scroll', by, sign });

/** What terminals send for a key; Ctrl-C comes as a byte, since the terminal is raw. */
const ACTIONS: ReadonlyMap<string, KeyAction> = new Map<string, KeyAction>([
  ['q', { kind: 'quit' }],
  ['Q', { kind: 'quit' }],
  ['\u0003', { kind: 'quit' }],
  ['\u0004', { kind: 'quit' }],
  ['\u001a', { kind: 'suspend' }],
  ['\u000c', { kind: 'redraw' }],
  ...SORT_KEYS.map((key) => [key[0] as string, { kind: 'sort', key }] as const),
  ['k', scroll('row', -1)],
  ['j', scroll('row', 1)],
  [' ', scroll('page', 1)],
  ...arrows('[', 'A', scroll('row', -1)),
  ...arrows('[', 'B', scroll('row', 1)),
  ['\u001b[5~', scroll('page', -1)],
  ['\u001b[6~', scroll('page', 1)],
  ...arrows('[', 'H', scroll('end', -1)),
  ...arrows('[', 'F', scroll('end', 1)),
  ['\u001b[1~', scroll('end', -1)],
  ['\u001b[4~', scroll('end', 1)],
]);

/** With and without the keypad's mode. */
function arrows(plain: '[', letter: string, action: KeyAction): readonly (readonly [string, KeyAction])[] {
  return [[`\u001b${plain}${letter}`, action], [`\u001bO${letter}`, action]];
}

/** One key: a sequence of a terminal, or a character. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals' sequences begin with one.
const KEY = /\u001b(?:\[[0-9;]*[ -/]*[@-~]|O[@-~])|./gsu;

/** What was pressed, in its order. Bytes of several keys may come together; a sequence that comes in two parts is two keys that mean nothing. */
export function keyActions(text: string): readonly KeyAction[] {
  return (text.match(KEY) ?? []).flatMap((key) => ACTIONS.get(key) ?? []);
}
