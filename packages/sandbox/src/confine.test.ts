/** What the kernel says of a process that has confined itself, and of each of its threads. On x64, and where there is Landlock. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { canCallOnEveryThread } from './every-thread.ts';
import { forgoIoUring } from './io-uring.ts';
import { landlockVersion } from './landlock.ts';
import { VF_MEASURES, type MeasureState } from './measures.ts';

const PROGRAM = fileURLToPath(new URL('./testing/confined-program.js', import.meta.url));
const hasFileRules = canCallOnEveryThread() && landlockVersion() > 0;
/** Version 6 confines signals, too. */
const SIGNALS_SINCE = 6;

interface Result {
  readonly states: readonly MeasureState[] | null;
  readonly threadCount: number;
  readonly rights: readonly string[];
  readonly reads: string | null;
  readonly readsOnAnotherThread: string | null;
  readonly signalsItsParent: string | null;
  readonly sendsMany: string | null;
  readonly signalsItself: string | null;
}

function resultOf(way: string): Result {
  forgoIoUring();
  const { stdout, stderr } = spawnSync(process.execPath, [PROGRAM, way], { encoding: 'utf8' });
  ok(stdout.endsWith('\n'), stderr);
  return JSON.parse(stdout) as Result;
}

test('a process that gives nothing up can do it all', () => {
  const { reads, readsOnAnotherThread, signalsItsParent } = resultOf('nothing');
  deepEqual([reads, readsOnAnotherThread, signalsItsParent], [null, null, null]);
});

test('one that is confined has no rights left, on any of its threads', () => {
  const { states, threadCount, rights, reads, readsOnAnotherThread, signalsItsParent, sendsMany, signalsItself } = resultOf('all');
  deepEqual([...(states ?? [])].map(({ measure }) => measure).sort(), [...VF_MEASURES].sort());
  const lacking = states?.filter(({ isInForce }) => !isInForce).map(({ measure }) => measure) ?? [];
  deepEqual(lacking.filter((measure) => hasFileRules || measure !== 'files'), []);
  ok(threadCount >= 8);
  deepEqual(rights, ['0000000000000000 1 2']);
  deepEqual([reads, readsOnAnotherThread, signalsItsParent, signalsItself], ['EPERM', 'EPERM', 'EPERM', null]);
  // What is sent and not received counts, of all processes of the user: the fewer one may have open, the sooner it is refused.
  equal(sendsMany, 'ETOOMANYREFS');
});

test('file rules hold by themselves, on threads that were there before', () => {
  if (!hasFileRules) return equal(canCallOnEveryThread() && landlockVersion() > 0, false);
  const { reads, readsOnAnotherThread, signalsItsParent } = resultOf('landlock');
  deepEqual([reads, readsOnAnotherThread, signalsItsParent], ['EACCES', 'EACCES', landlockVersion() >= SIGNALS_SINCE ? 'EPERM' : null]);
});
