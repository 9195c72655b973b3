/** `gpup top` without a terminal: text and JSON, with a host of figures behind a real API. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { type TestApi, openTestApi } from '@gpup/api/testing';
import { type Program, gpup } from '../testing/program.ts';

let api: TestApi;
beforeEach(async () => {
  api = await openTestApi();
  await api.actions.setAdapterScheduling('software-0', { policy: 'fixed-share' });
  await api.actions.createPartition({ name: 'alpha', size: '1/4' });
  await api.actions.createPartition({ name: 'beta', size: '1/8' });
});
afterEach(() => api.close());

function top(line: string, environment: NodeJS.ProcessEnv = {}): Program {
  return gpup(['top', '--interval', '0.1', ...line.split(' ').filter((word) => word !== ''), '--host', api.socketPath], { ...process.env, ...environment });
}

async function lines(program: Program, count: number): Promise<readonly string[]> {
  for (;;) {
    const whole = program.stdout.split('\n').slice(0, -1);
    if (whole.length >= count) return whole;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

interface Line {
  readonly type: string;
  readonly intervalMs: number;
  readonly partitions: readonly { readonly name: string; readonly submitsPerSecond: number | null; readonly promisedShare: number; readonly vramBudgetBytes: number; readonly latencyUs: unknown }[];
}

test('--once --json is one object, and nothing else', async () => {
  const { status, stdout, stderr } = await top('--once --json').ended;
  deepEqual([status, stderr, stdout.split('\n').length], [0, '', 2]);
  const { type, intervalMs, partitions } = JSON.parse(stdout) as Line;
  equal(type, 'rates');
  ok(intervalMs > 0);
  deepEqual(partitions.map(({ name, promisedShare, vramBudgetBytes, submitsPerSecond, latencyUs }) => [name, promisedShare, vramBudgetBytes, submitsPerSecond, latencyUs]), [
    ['alpha', 0.25, 2 ** 32, 0, null],
    ['beta', 0.125, 2 ** 31, 0, null],
  ]);
});

test('--once is one picture', async () => {
  const { status, stdout } = await top('--once --sort name', { COLUMNS: '70' }).ended;
  equal(status, 0);
  match(stdout, /^gpup top {2}\d\d:\d\d:\d\dZ {2}2 adapters, 2 partitions, 0 guests {2}every 0.1 s.*?\nPARTITION {3}SHARE PROMISE .*\nalpha {6}50\.0 % {2}25\.0 % .*\nbeta {7}50\.0 % {2}12\.5 % .*\n$/s);
  for (const line of stdout.split('\n')) ok(line.length <= 70, line);
});

test('into a pipe it writes text until whoever reads has seen enough: no control characters, one picture below the other', async () => {
  const program = top('');
  await lines(program, 20);
  program.child.stdout?.destroy();
  equal((await program.ended).status, 0);
  ok(!program.stdout.includes('\u001b'));
  ok(program.stdout.split('\n\n').length > 2);
});

test('JSON lines follow what happens, over a host that ends and one that begins', async () => {
  const program = top('--json');
  await lines(program, 1);
  api.actions.setUsage('alpha', { submitCount: 1_000_000, gpuTimeUs: 7, submitLatencyUs: [0, 0, 9, 0] });
  await program.printed('"latencyUs":{"p50"');
  await api.stopListening();
  await program.printed('"code":"no-host"');
  // Counts that begin anew, as with another daemon.
  api.actions.setUsage('alpha', { submitCount: 0, gpuTimeUs: 0, submitLatencyUs: [0, 0, 0, 0] });
  await api.listenAgain();
  await program.printed('"submitsPerSecond":null');
  await api.actions.removePartition('beta', { force: true });
  const known = (await lines(program, 1)).length;
  const all = (await lines(program, known + 2)).map((line) => JSON.parse(line) as Line);
  program.child.kill('SIGTERM');
  equal((await program.ended).status, 'SIGTERM');
  deepEqual(new Set(all.map(({ type }) => type)), new Set(['rates', 'gone']));
  const rates = all.filter(({ type }) => type === 'rates');
  ok(rates.some(({ partitions }) => (partitions[0]?.submitsPerSecond ?? 0) > 0));
  deepEqual(rates.at(-1)?.partitions.map(({ name, submitsPerSecond }) => [name, submitsPerSecond]), [['alpha', 0]]);
});

describe('without a host', () => {
  let other: TestApi;
  before(async () => {
    other = await openTestApi();
  });
  after(() => other.close());

  for (const line of ['', '--json', '--once']) {
    test(`gpup top ${line}`, async () => {
      const { status, stdout, stderr } = await gpup(['top', ...line.split(' ').filter((word) => word !== ''), '--host', '/nonexistent/api.sock']).ended;
      deepEqual([status, stdout, stderr], [3, '', 'gpup: No host listens at /nonexistent/api.sock; "gpup host start" starts one.\n']);
    });
  }

  test('one that goes before --once has its second look', async () => {
    await other.actions.createPartition({ name: 'alpha' });
    const { actions } = other;
    const [adapters, partitions] = [actions.adapters.bind(actions), actions.partitions.bind(actions)];
    const asked = new Set<string>();
    const noting = <T>(what: string, answer: () => T) => (): T => {
      asked.add(what);
      return answer();
    };
    actions.adapters = noting('adapters', adapters);
    actions.partitions = noting('partitions', partitions);
    const program = gpup(['top', '--once', '--interval', '2', '--host', other.socketPath]);
    // Both answers have gone out by the next turn.
    while (asked.size < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await other.stopListening();
    const { status, stdout, stderr } = await program.ended;
    deepEqual([status, stdout], [3, '']);
    match(stderr, /^gpup: No host listens at /);
  });
});

for (const [line, message] of [
  ['top --interval 0', '--interval (0) is not a number of seconds from 0.1 to 3600.'],
  ['top --interval 3601', '--interval (3601) is not a number of seconds from 0.1 to 3600.'],
  ['top --interval x', '--interval (x) is not a number of seconds from 0.1 to 3600.'],
  ['top --sort size', '--sort (size) is none of share, name, memory, rate, latency.'],
] as const) {
  test(`gpup ${line} is refused`, async () => {
    const { status, stderr } = await gpup(line.split(' ')).ended;
    deepEqual([status, stderr], [2, `gpup: ${message}\n`]);
  });
}
