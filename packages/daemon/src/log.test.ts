import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { DAEMON_LIMITS } from './limits.ts';
import { Log, logFile } from './log.ts';

function directoryFor(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-log-'));
  t.after(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('a line is one JSON object with time, level, message and fields', () => {
  const written: string[] = [];
  const log = new Log({ write: (line) => written.push(line), level: 'info', nowMs: () => 0 });
  log.warning('A "word"\nand more', { context: 3, partition: 'small' });
  deepEqual(JSON.parse(written.join('')), { time: '1970-01-01T00:00:00.000Z', level: 'warning', message: 'A "word"\nand more', context: 3, partition: 'small' });
  equal(written.join('').indexOf('\n'), written.join('').length - 1);
});

test('a line holds nothing that a terminal would act upon, and says it all the same', () => {
  const written: string[] = [];
  const log = new Log({ write: (line) => written.push(line), level: 'info', nowMs: () => 0 });
  log.info('a\u009b2Jb\u202ec', { partition: '\u2066' });
  match(written.join(''), /"a\\u009b2Jb\\u202ec","partition":"\\u2066"/);
  deepEqual(log.lines(1).map((line) => (JSON.parse(line) as { message: string }).message), ['a\u009b2Jb\u202ec']);
});

for (const [level, count] of [['error', 1], ['warning', 2], ['info', 3], ['debug', 4]] as const) {
  test(`a log of level "${level}" has ${count} of four`, () => {
    const log = new Log({ write: () => {}, level, nowMs: () => 0 });
    for (const say of ['error', 'warning', 'info', 'debug'] as const) log[say]('x');
    equal(log.lines(10).length, count);
  });
}

test('the newest lines are kept, and no more of them than the limit', () => {
  const log = new Log({ write: () => {}, level: 'info', nowMs: () => 0 });
  for (let index = 0; index <= DAEMON_LIMITS.logLinesMax; index++) log.info(`line ${index}`);
  deepEqual(log.lines(2).map((line) => (JSON.parse(line) as { message: string }).message), [`line ${DAEMON_LIMITS.logLinesMax - 1}`, `line ${DAEMON_LIMITS.logLinesMax}`]);
  equal(log.lines(Number.MAX_SAFE_INTEGER).length, DAEMON_LIMITS.logLinesMax);
  deepEqual(log.lines(0), []);
});

test('a message is cut at the limit', () => {
  const log = new Log({ write: () => {}, level: 'info', nowMs: () => 0 });
  log.info('x'.repeat(DAEMON_LIMITS.logMessageCharactersMax + 1));
  equal((JSON.parse(log.lines(1)[0] as string) as { message: string }).message.length, DAEMON_LIMITS.logMessageCharactersMax);
});

test('a file that has grown is put aside, and the one before goes', (t) => {
  const path = join(directoryFor(t), 'host.log');
  const write = logFile(path, 10);
  for (const line of ['first.....\n', 'second....\n', 'third\n']) write(line);
  deepEqual([readFileSync(path, 'utf8'), readFileSync(`${path}.1`, 'utf8')], ['third\n', 'second....\n']);
  equal(statSync(path).mode & 0o777, 0o600);
});

test('a next daemon goes on with the file of the one before', (t) => {
  const directory = directoryFor(t);
  const path = join(directory, 'host.log');
  logFile(path, 10)('first.....\n');
  logFile(path, 10)('second\n');
  deepEqual(readdirSync(directory).sort(), ['host.log', 'host.log.1']);
});
