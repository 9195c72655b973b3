import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { partitionRates, ratesOf, topState } from '../testing/top-figures.ts';
import { BLOCKS } from './graph.ts';
import { adapterKey } from './history.ts';
import { afterKey } from './live.ts';
import type { PartitionRates } from './rates.ts';
import { type TopState, linesOf, rowCountOf, scrollMax } from './screen.ts';
import { SORT_KEYS } from './sorting.ts';

function picture(state: TopState, width: number, height: number): string {
  return linesOf(state, { width, height, blocks: BLOCKS }).map(({ text }) => `${text}\n`).join('');
}

const FEW = [
  partitionRates('batch', { share: 0.05, promisedShare: 0.5, latencyUs: null, submitsPerSecond: 0, contextCount: 0 }),
  partitionRates('train', { share: 0.251, contextCount: 12, vramBytes: 2 ** 31 }),
  partitionRates('new', { share: 0, promisedShare: null, submitsPerSecond: null, latencyUs: null }),
  partitionRates('hung', { state: 'blocked', share: 0, contextCount: 0 }),
];
const HISTORIES = new Map([
  ['train', [0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.251]],
  ['batch', [0.5, 0.25, 0.05]],
  [adapterKey('software-0'), [0, 0.5, 1]],
]);

test('a terminal of 80 by 24', () => {
  equal(picture(topState(ratesOf(FEW), { histories: HISTORIES }), 80, 24), `\
gpup top  22:13:20Z  1 adapter, 4 partitions, 13 guests  every 1 s, by share
software-0   50.0 %               ▁▅█  2.00G of 16.0G  fixed-share, 10 ms  Swift
PARTITION   SHARE PROMISE         MEMORY SUBMITS/S     P50     P99 HISTORY
train      25.1 %  25.0 % 2.00G of 2.00G       120  850 us 12.3 ms       ▁▂▄▅▇██
batch       5.0 %  50.0 % 1.50G of 2.00G         0       -       -           █▅▁
hung        0.0 %  25.0 % 1.50G of 2.00G       120  850 us 12.3 ms blocked
new         0.0 %       - 1.50G of 2.00G         -       -       -
q quit  sort: share name memory rate latency  arrows scroll
`);
});

test('a wide one has room for more', () => {
  const partitions = [partitionRates('a', { adapter: 'software-1' }), ...FEW.slice(1, 2)];
  equal(picture(topState(ratesOf(partitions, { adapters: [] })), 120, 5), `\
gpup top  22:13:20Z  2 partitions, 13 guests  every 1 s, by share
PARTITION   SHARE PROMISE         MEMORY SUBMITS/S     P50     P99 ADAPTER    GUESTS WAIT P99 HISTORY
train      25.1 %  25.0 % 2.00G of 2.00G       120  850 us 12.3 ms software-0  12/16  2.00 us
a          12.5 %  25.0 % 1.50G of 2.00G       120  850 us 12.3 ms software-1   1/16  2.00 us
q quit  sort: share name memory rate latency  arrows scroll
`);
});

test('text without an end has all rows, no graphs and no keys', () => {
  equal(picture(topState(ratesOf(FEW.slice(1, 2)), { isLive: false }), 100, Number.POSITIVE_INFINITY), `\
gpup top  22:13:20Z  1 adapter, 1 partition, 12 guests  every 1 s, by share
software-0   50.0 %  2.00G of 16.0G  fixed-share, 10 ms  SwiftShader Device
PARTITION   SHARE PROMISE         MEMORY SUBMITS/S     P50     P99 GUESTS WAIT P99
train      25.1 %  25.0 % 2.00G of 2.00G       120  850 us 12.3 ms  12/16  2.00 us
`);
});

const MANY = Array.from({ length: 64 }, (_, index) => partitionRates(`tenant-${index}`, { share: (64 - index) / 128, promisedShare: 1 / 64 }));

test('64 partitions on a small screen: what is there, and where one is', () => {
  const state = topState(ratesOf(MANY));
  equal(picture(state, 40, 8), `\
gpup top  22:13:20Z  1 adapter, 64 parti
software-0   50.0 %                    2
PARTITION   SHARE PROMISE         MEMORY
tenant-0   50.0 %   1.6 % 1.50G of 2.00G
tenant-1   49.2 %   1.6 % 1.50G of 2.00G
tenant-2   48.4 %   1.6 % 1.50G of 2.00G
tenant-3   47.7 %   1.6 % 1.50G of 2.00G
rows 1 to 4 of 64  q quit  sort: share n
`);
  equal(picture({ ...state, scroll: 1000 }, 40, 8).split('\n')[3]?.split(' ')[0], 'tenant-60');
});

for (const [height, what] of [[7, 'ahf'], [6, 'hf'], [5, 'h'], [4, ''], [3, ''], [2, ''], [1, '']] as const) {
  test(`a screen of ${height} lines: the adapters go first, then the foot, then the head`, () => {
    const lines = linesOf(topState(ratesOf(MANY)), { width: 80, height, blocks: BLOCKS }).map(({ text }) => text);
    equal(lines.length, height);
    const found = [[/^software-0/, 'a'], [/^PARTITION/, 'h'], [/^rows/, 'f']] as const;
    equal(found.map(([pattern, letter]) => (lines.some((line) => pattern.test(line)) ? letter : '')).join(''), what);
  });
}

test('scrolling ends at both ends, and goes by what is shown', () => {
  const screen = { width: 80, height: 14, blocks: BLOCKS };
  let state = topState(ratesOf(MANY));
  const press = (by: 'row' | 'page' | 'end', sign: 1 | -1): number => {
    state = afterKey(state, { kind: 'scroll', by, sign }, screen);
    return state.scroll;
  };
  const rowCount = rowCountOf(state, screen);
  equal(rowCount, 10);
  deepEqual([press('row', -1), press('row', 1), press('page', 1), press('end', 1), press('row', 1), press('page', -1), press('end', -1)], [0, 1, 11, 54, 54, 44, 0]);
  // The screen grows: what was below it comes up, and the next key counts from there.
  press('end', 1);
  const larger = { ...screen, height: 34 };
  equal(scrollMax(state, larger), 34);
  equal(afterKey(state, { kind: 'scroll', by: 'row', sign: -1 }, larger).scroll, 33);
  equal(afterKey(state, { kind: 'sort', key: 'name' }, screen).scroll, 0);
});

test('what is wrong is said in place of the title, and the last figures stay', () => {
  const [first, ...rest] = linesOf(topState(ratesOf(FEW), { trouble: 'No host listens at /run/x.' }), { width: 80, height: 24, blocks: BLOCKS });
  deepEqual(first, { text: 'gpup top  No host listens at /run/x. Trying again.', style: 'alarm' });
  ok(rest.some(({ text }) => text.startsWith('train')));
});

test('before there are figures, and where there are no partitions', () => {
  equal(picture(topState(undefined), 80, 24), 'gpup top\nPARTITION   SHARE PROMISE         MEMORY SUBMITS/S     P50     P99 HISTORY\nMeasuring.\nq quit  sort: share name memory rate latency  arrows scroll\n');
  ok(picture(topState(ratesOf([])), 80, 24).includes('\nThere are no partitions.\n'));
});

test('an adapter that one guest has whole', () => {
  const whole = { id: 'software-0', name: 'A GPU', mode: 'dda', scheduling: { policy: 'best-effort', sliceMs: 10 }, partitionCount: 0, share: 0, vramBytes: 0, vramTotalBytes: 1 } as const;
  const text = picture(topState(ratesOf([], { adapters: [{ ...whole, owner: 'guest process 7 (context 3)' }, { ...whole, owner: null }] })), 80, 24);
  ok(text.includes('software-0  owned by guest process 7 (context 3)  A GPU\nsoftware-0  kept for one guest as a whole  A GPU\n'), text);
});

for (const seed of seeds(7, 2026)) {
  test(`no line is wider than the screen, none is too many, nothing in them is for the terminal to act on, seed ${seed}`, () => {
    const random = new Random(seed);
    for (let round = 0; round < 500; round++) {
      const state = randomState(random);
      const screen = { width: random.below(2) === 0 ? random.between(1, 30) : random.between(1, 250), height: random.skewed(100), blocks: BLOCKS };
      const lines = linesOf(state, screen);
      ok(lines.length <= screen.height);
      for (const { text } of lines) {
        ok(text.length <= screen.width, `${text.length} of ${screen.width}: ${text}`);
        ok(/^[ -~▁-█�]*$/u.test(text), JSON.stringify(text));
      }
      const shown = (state.rates?.partitions ?? []).filter(({ name }) => lines.some(({ text }) => text.startsWith(`${name} `) || text === name)).length;
      if (screen.width > 40) equal(shown, Math.min(rowCountOf(state, screen), state.rates?.partitions.length ?? 0));
      ok(scrollMax(state, screen) >= 0);
    }
  });
}

function randomState(random: Random): TopState {
  const some = <T>(value: T): T | null => (random.below(4) === 0 ? null : value);
  const partitions: PartitionRates[] = Array.from({ length: random.skewed(80) }, (_, index) =>
    partitionRates(`p${index}`, {
      adapter: `software-${random.below(3)}`,
      state: random.below(5) === 0 ? 'blocked' : 'active',
      share: random.skewed(1e6) / 1000,
      promisedShare: some(random.below(1000) / 1000),
      vramBytes: random.skewed(2 ** 50),
      vramBudgetBytes: random.skewed(2 ** 50),
      submitsPerSecond: some(random.skewed(1e9) / 100),
      latencyUs: some({ p50: random.skewed(1e10), p99: random.skewed(1e10) }),
    }),
  );
  const histories = new Map(partitions.map(({ name }) => [name, Array.from({ length: random.below(130) }, () => random.below(100))]));
  const name = `GPU ${'\u001b[2J'.repeat(random.below(3))}`;
  const adapters = Array.from({ length: random.below(4) }, (_, index) => ({ ...ratesOf([]).adapters[0], id: `software-${index}`, name }) as never);
  return topState(random.below(9) === 0 ? undefined : ratesOf(partitions, { adapters }), {
    histories,
    trouble: random.below(5) === 0 ? `No host\u0007 ${'x'.repeat(random.below(300))}` : undefined,
    sorting: { key: SORT_KEYS[random.below(SORT_KEYS.length)] ?? 'share', isReversed: random.below(2) === 0 },
    scroll: random.skewed(1000),
    isLive: random.below(3) > 0,
  });
}
