import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import fs, { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Change } from '@gpup/pf/access';
import { AuditLog, type AuditLogOptions } from './audit-log.ts';

const LIMITS = { fileBytesMax: 1 << 20, filesMax: 3, entriesMax: 100, tailBytesMax: 1 << 20 };
const change: Change = { by: 'operator', tenant: null, token: 'a'.repeat(10), peer: '127.0.0.1', operation: 'changePartition', target: 'alpha', asked: '{"contextsMax":3}' };

interface Scene {
  readonly path: string;
  readonly faults: string[];
  open(limits?: Partial<AuditLogOptions['limits']>): AuditLog;
}

function sceneOf(t: TestContext): Scene {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-audit-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'audit.jsonl');
  const faults: string[] = [];
  let nowMs = 1_800_000_000_000;
  return { path, faults, open: (limits = {}) => new AuditLog({ path, limits: { ...LIMITS, ...limits }, nowMs: () => nowMs++, onFault: (message) => faults.push(message) }) };
}

const linesOf = (path: string): readonly Record<string, unknown>[] => readFileSync(path, 'utf8').trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);

/** Lets a function of node:fs do something else for the length of a call. */
function withFs<T>(t: TestContext, name: 'writeSync' | 'fsyncSync' | 'ftruncateSync', instead: (...args: never[]) => unknown, run: () => T): T {
  const mock = t.mock.method(fs, name, instead as never);
  syncBuiltinESMExports();
  try {
    return run();
  } finally {
    mock.mock.restore();
    syncBuiltinESMExports();
  }
}

test('a change is a line before it, with all that is asked for, and a line after it', (t) => {
  const { path, open } = sceneOf(t);
  const log = open();
  const end = log.begin(change);
  deepEqual(linesOf(path), [{ id: 1, time: '2027-01-15T08:00:00.000Z', by: 'operator', tenant: null, token: 'aaaaaaaaaa', peer: '127.0.0.1', operation: 'changePartition', target: 'alpha', asked: { contextsMax: 3 } }]);
  equal(log.entries(10)[0]?.outcome, 'pending');
  end('vram-exhausted');
  deepEqual(linesOf(path)[1], { id: 1, time: '2027-01-15T08:00:00.001Z', outcome: 'vram-exhausted' });
  deepEqual(log.entries(10), [{ id: 1, timeMs: 1_800_000_000_000, ...change, outcome: 'vram-exhausted', endedMs: 1_800_000_000_001 }]);
  equal(statSync(path).mode & 0o777, 0o600);
});

test('both lines are on the disk before anything goes on', (t) => {
  const { path, open } = sceneOf(t);
  const log = open();
  const synced: number[] = [];
  const countLines = (fd: number): void => {
    if (fs.fstatSync(fd).isFile()) synced.push(linesOf(path).length);
  };
  withFs(t, 'fsyncSync', countLines as never, () => log.begin(change)('done'));
  deepEqual(synced, [1, 2]);
});

test('numbers go on over restarts, and what the host before has not told is unknown', (t) => {
  const { open } = sceneOf(t);
  const before = open();
  before.begin(change)('done');
  before.begin({ ...change, target: 'beta' });
  const log = open();
  deepEqual(log.entries(10).map(({ id, target, outcome }) => [id, target, outcome]), [[1, 'alpha', 'done'], [2, 'beta', 'unknown']]);
  log.begin(change)('done');
  equal(log.entries(1)[0]?.id, 3);
});

test('entries of two that run at once keep their outcomes apart', (t) => {
  const { open } = sceneOf(t);
  const log = open();
  const [one, two] = [log.begin(change), log.begin({ ...change, target: 'beta' })];
  two('done');
  one('partition-busy');
  for (const each of [log, open()]) deepEqual(each.entries(10).map(({ target, outcome }) => [target, outcome]), [['alpha', 'partition-busy'], ['beta', 'done']]);
});

test('a line that a crash has cut short stays one line, and costs no other', (t) => {
  const { path, open } = sceneOf(t);
  open().begin(change)('done');
  appendFileSync(path, '{"id":2,"time":"2027-01-15T08:00');
  const log = open();
  log.begin(change)('done');
  deepEqual(readFileSync(path, 'utf8').split('\n').map((line) => line.slice(0, 7)), ['{"id":1', '{"id":1', '{"id":2', '{"id":2', '{"id":2', '']);
  deepEqual(open().entries(10).map(({ id, outcome }) => [id, outcome]), [[1, 'done'], [2, 'done']]);
});

for (const [what, line] of [['no JSON', 'x'], ['no object', '7'], ['no number', '{"id":"1","time":"2027-01-15T08:00:00.000Z","outcome":"done"}'], ['no time', '{"id":9,"time":"x","outcome":"done"}'], ['half a change', '{"id":9,"time":"2027-01-15T08:00:00.000Z","by":"root"}']] as const) {
  test(`a line that is ${what} is passed over`, (t) => {
    const { path, open } = sceneOf(t);
    writeFileSync(path, `${line}\n`);
    const log = open();
    log.begin(change)('done');
    deepEqual(log.entries(10).map(({ id }) => id), [1]);
  });
}

test('a write that fails half way refuses the change, and leaves nothing of its line', (t) => {
  const { path, open, faults } = sceneOf(t);
  const log = open();
  log.begin(change)('done');
  const before = readFileSync(path, 'utf8');
  const { writeSync } = fs;
  let count = 0;
  const half = (fd: number, bytes: Uint8Array): number => {
    if (++count === 2) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
    return writeSync(fd, bytes, 0, 10);
  };
  withFs(t, 'writeSync', half as never, () => throws(() => log.begin(change), { name: 'Refusal', code: 'audit-unavailable' }));
  equal(readFileSync(path, 'utf8'), before);
  equal(faults.length, 1);
  ok(faults[0]?.includes('ENOSPC') && faults[0].includes(path));
  equal(log.entries(10).length, 1);
  log.begin(change)('done');
  deepEqual(log.entries(10).map(({ id }) => id), [1, 2]);
});

test('a sync that fails refuses the change as well', (t) => {
  const { open } = sceneOf(t);
  const log = open();
  log.begin(change)('done');
  withFs(t, 'fsyncSync', (() => { throw new Error('EIO: i/o error, fsync'); }) as never, () => throws(() => log.begin(change), { code: 'audit-unavailable' }));
});

test('an outcome that cannot be written is told to the log, not to the caller: the change has been made', (t) => {
  const { open, faults } = sceneOf(t);
  const log = open();
  const end = log.begin(change);
  withFs(t, 'writeSync', (() => { throw new Error('ENOSPC'); }) as never, () => end('done'));
  equal(faults.length, 1);
  equal(log.entries(1)[0]?.outcome, 'done');
  equal(open().entries(1)[0]?.outcome, 'unknown');
});

test('a place that cannot be written refuses changes until it can', (t) => {
  const { path, open } = sceneOf(t);
  mkdirSync(path);
  const log = open();
  throws(() => log.begin(change), { code: 'audit-unavailable' });
  log.note(change);
  rmSync(path, { recursive: true });
  log.begin(change)('done');
  equal(linesOf(path).length, 2);
});

test('a file that was moved away is begun anew, and the moved one is not written to', (t) => {
  const { path, open } = sceneOf(t);
  const log = open();
  log.begin(change)('done');
  renameSync(path, `${path}.moved`);
  log.begin(change)('done');
  deepEqual([linesOf(`${path}.moved`).length, linesOf(path).length, linesOf(path)[0]?.['id']], [2, 2, 2]);
});

test('a file that has grown is put aside, and the oldest of those goes', (t) => {
  const { path, open } = sceneOf(t);
  const log = open({ fileBytesMax: 1 });
  for (let count = 0; count < 3; count++) log.begin({ ...change, target: `p${count}` })('done');
  const firstIds = [path, `${path}.1`, `${path}.2`, `${path}.3`].map((file) => linesOf(file).map(({ id, outcome }) => [id, outcome]));
  deepEqual(firstIds, [[[3, 'done']], [[3, undefined]], [[2, 'done']], [[2, undefined]]]);
  equal(existsSync(`${path}.4`), false);
  // The one before is read as well, so that numbers go on.
  deepEqual(open().entries(10).map(({ id, outcome }) => [id, outcome]), [[3, 'done']]);
});

test('a file that cannot be put aside grows on', (t) => {
  const { path, open } = sceneOf(t);
  const log = open({ fileBytesMax: 1 });
  mkdirSync(`${path}.3`);
  writeFileSync(`${path}.2`, '');
  for (let count = 0; count < 3; count++) log.begin(change)('done');
  equal(linesOf(path).length, 6);
});

test('what is kept for those who ask is bounded, by number and by size', (t) => {
  const { open } = sceneOf(t);
  const log = open({ entriesMax: 3, tailBytesMax: 1000 });
  for (let count = 0; count < 5; count++) log.begin(change)('done');
  deepEqual(log.entries(10).map(({ id }) => id), [3, 4, 5]);
  log.begin({ ...change, asked: JSON.stringify({ text: 'x'.repeat(985) }) })('done');
  deepEqual(log.entries(10).map(({ id }) => id), [6]);
  deepEqual(log.entries(0), []);
});

test('what a terminal would act upon is written out', (t) => {
  const { path, open } = sceneOf(t);
  open().begin({ ...change, asked: JSON.stringify({ label: '\u001b[2J\n\u202e' }) })('done');
  const text = readFileSync(path, 'utf8');
  equal(text.split('\n').length, 3);
  ok(!text.includes('\u001b') && !text.includes('\u202e'));
});
