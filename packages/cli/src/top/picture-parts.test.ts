/** The parts that the picture is made of. */
import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { partitionRates, ratesOf } from '../testing/top-figures.ts';
import { bytes, latency, percent, rate } from './cells.ts';
import { ASCII_BLOCKS, BLOCKS, graph } from './graph.ts';
import { type Histories, NO_HISTORIES, adapterKey, continued } from './history.ts';
import { keyActions } from './keys.ts';
import { SORT_KEYS, sorted, sortedBy } from './sorting.ts';

for (const [value, text] of [[null, '-'], [0, '0.0 %'], [0.1249, '12.5 %'], [0.9994, '99.9 %'], [0.9996, '100 %'], [12.34, '1234 %']] as const) {
  test(`a share of ${value} is "${text}"`, () => equal(percent(value), text));
}
for (const [value, text] of [[0, '0'], [1, '1.00'], [1023, '1023'], [1024, '1.00K'], [1536, '1.50K'], [10 * 2 ** 20, '10.0M'], [2 ** 30 - 1, '1.00G'], [2 ** 60, '1024P']] as const) {
  test(`${value} bytes are "${text}"`, () => equal(bytes(value), text));
}
for (const [value, text] of [[null, '-'], [0, '0'], [0.5, '0.50'], [9.99, '9.99'], [9.999, '10.0'], [99.96, '100'], [999.4, '999'], [999.6, '1.00k'], [123_456, '123k']] as const) {
  test(`${value} a second is "${text}"`, () => equal(rate(value), text));
}
for (const [value, text] of [[null, '-'], [0.5, '0.50 us'], [850, '850 us'], [12_345, '12.3 ms'], [2_000_000, '2.00 s'], [5e9, '5.00 ks']] as const) {
  test(`${value} us are "${text}"`, () => equal(latency(value), text));
}

for (const [values, full, width, picture] of [
  [[], 1, 4, '    '],
  [[0, 1], 1, 4, '  ▁█'],
  [[0.124, 0.126], 1, 2, '▁▂'],
  [[0.25, 0.5], 0, 2, '▅█'],
  [[0, 0], 0, 2, '▁▁'],
  [[1, 2, 3, 4], 1, 2, '▇█'],
  [[1], 1, 0, ''],
] as const) {
  test(`a graph of ${JSON.stringify(values)} of ${full}, ${width} wide`, () => equal(graph(values, { width, full, blocks: BLOCKS }), picture));
}
test('a graph without blocks', () => equal(graph([0, 0.5, 1], { width: 3, full: 1, blocks: ASCII_BLOCKS }), '_+#'));

test('a history grows at its end up to a length, and ends with its partition', () => {
  let histories: Histories = NO_HISTORIES;
  for (let round = 0; round < 300; round++) histories = continued(histories, ratesOf([partitionRates('a', { share: round }), ...(round === 299 ? [] : [partitionRates('b')])]));
  const a = histories.get('a') ?? [];
  deepEqual([a.length, a[0], a.at(-1)], [120, 180, 299]);
  deepEqual([...histories.keys()], [adapterKey('software-0'), 'a']);
});

const PARTITIONS = [
  partitionRates('p10', { share: 0.5, vramBytes: 1, submitsPerSecond: 3, latencyUs: null }),
  partitionRates('p9', { share: 0.1, vramBytes: 3, submitsPerSecond: null, latencyUs: { p50: 9, p99: 10 } }),
  partitionRates('p1', { share: 0.75, vramBytes: 2, submitsPerSecond: 5, latencyUs: { p50: 1, p99: 20 } }),
  partitionRates('p2', { share: 0.5, vramBytes: 1, submitsPerSecond: 3, latencyUs: null }),
];
for (const [key, order, reversed] of [
  ['share', 'p1 p2 p10 p9', 'p9 p2 p10 p1'],
  ['name', 'p1 p2 p9 p10', 'p10 p9 p2 p1'],
  ['memory', 'p9 p1 p2 p10', 'p2 p10 p1 p9'],
  ['rate', 'p1 p2 p10 p9', 'p2 p10 p1 p9'],
  ['latency', 'p1 p9 p2 p10', 'p9 p1 p2 p10'],
] as const) {
  test(`by ${key}, what is not known last`, () => {
    const names = (isReversed: boolean): string => sorted(PARTITIONS, { key, isReversed }).map(({ name }) => name).join(' ');
    deepEqual([names(false), names(true)], [order, reversed]);
  });
}

test('each order has a key of its own, and the same again turns it round', () => {
  equal(new Set(SORT_KEYS.map((key) => key[0])).size, SORT_KEYS.length);
  deepEqual(sortedBy({ key: 'share', isReversed: false }, 'name'), { key: 'name', isReversed: false });
  deepEqual(sortedBy({ key: 'name', isReversed: false }, 'name'), { key: 'name', isReversed: true });
  deepEqual(sortedBy({ key: 'name', isReversed: true }, 'name'), { key: 'name', isReversed: false });
});

for (const [text, kinds] of [
  ['q', ['quit']],
  ['\u0003', ['quit']],
  ['\u001a', ['suspend']],
  ['\u000c', ['redraw']],
  ['m', ['sort memory']],
  ['smq', ['sort share', 'sort memory', 'quit']],
  ['\u001b[A\u001b[B\u001bOB', ['scroll row -1', 'scroll row 1', 'scroll row 1']],
  ['\u001b[5~\u001b[6~ ', ['scroll page -1', 'scroll page 1', 'scroll page 1']],
  ['\u001b[H\u001b[4~', ['scroll end -1', 'scroll end 1']],
  // An unknown sequence is one key, whatever letters it has.
  ['\u001b[1;5q\u001b[200~x', []],
  ['\u001b', []],
  ['ä☃\u0000', []],
] as const) {
  test(`the keys ${JSON.stringify(text)}`, () => {
    const found = keyActions(text).map((action) => (action.kind === 'sort' ? `sort ${action.key}` : action.kind === 'scroll' ? `scroll ${action.by} ${action.sign}` : action.kind));
    deepEqual(found, kinds);
  });
}
