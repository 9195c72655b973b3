import { deepEqual } from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { HostLog, logComplaints } from './host-log.ts';

const killed = new Set([7]);
const END = 'The VF process ended unexpectedly (SIGKILL).';

test('an error, and a VF that has ended by itself, are told of; a VF that we have killed is not', () => {
  deepEqual(logComplaints([{ level: 'info', message: 'The host is ready.' }, { level: 'warning', message: `VF process 7: ${END}` }], killed), []);
  deepEqual(logComplaints([{ level: 'warning', message: `VF process 8: ${END}` }], killed), [`warning: VF process 8: ${END}`]);
  deepEqual(logComplaints([{ level: 'error', message: 'A request has failed through a bug.' }], killed), ['error: A request has failed through a bug.']);
});

test('each line comes once, also one that is written in two parts, and those of a log that was begun anew', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  const path = join(directory, 'host.log');
  writeFileSync(path, '{"message":"one"}\n{"mess');
  const log = new HostLog(path);
  deepEqual(log.next(), [{ message: 'one' }]);
  appendFileSync(path, 'age":"two"}\n');
  deepEqual(log.next(), [{ message: 'two' }]);
  deepEqual(log.next(), []);
  writeFileSync(path, '{"message":"three"}\n');
  deepEqual(log.next(), [{ message: 'three' }]);
  rmSync(directory, { recursive: true });
});
