/**
 * A process with threads of several kinds, which confines itself in the way that its argument says, and then tries out, on
 * its own thread and on another, what it can still do. Prints one JSON line.
 */
import { openSync, readFileSync, readSync, readdirSync, writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { createSocketPair, loadSystemCalls, sendDescriptors, systemCall } from '@gpup/os';
import { confine } from '../confine.ts';
import { ownCallNumber } from '../call-numbers.ts';
import { callOnEveryThread } from '../every-thread.ts';
import { limitOpenFiles } from '../resource-limits.ts';
import { createRuleset, landlockVersion, restrictionBy } from '../landlock.ts';

type Way = 'all' | 'landlock' | 'nothing';

loadSystemCalls();
const way = process.argv[2] as Way;
// One that works, one that waits, and one that tries to open a file whenever it is told to.
new Worker('for (;;);', { eval: true });
new Worker('setInterval(() => {}, 1000)', { eval: true });
const opener = new Worker("const { parentPort } = require('node:worker_threads'); const { readFileSync } = require('node:fs'); parentPort.on('message', () => { let code = null; try { readFileSync('/etc/hostname'); } catch (error) { code = error.code; } parentPort.postMessage(code); });", { eval: true });
await new Promise((resolve) => opener.once('online', resolve));
const statuses = readdirSync('/proc/self/task').map((thread) => openSync(`/proc/self/task/${thread}/status`, 'r'));
const bytes = Buffer.alloc(8192);

const [sending] = createSocketPair();
const DESCRIPTORS_PER_MESSAGE_MAX = 253;

/** More descriptors than it may have open, to nobody who reads. */
function sendMany(): void {
  limitOpenFiles(20);
  for (let index = 0; index < 2; index++) sendDescriptors(sending, Uint8Array.of(0), new Array<number>(DESCRIPTORS_PER_MESSAGE_MAX).fill(sending));
}

const PR_SET_NO_NEW_PRIVS = 38;
const states = way === 'all' ? confine({ adapter: 'software', survives: false, limits: { openFilesMax: 100, fileBytesMax: 2 ** 20 } }) : null;
if (way === 'landlock') callOnEveryThread([{ call: 'prctl', arguments: [PR_SET_NO_NEW_PRIVS, 1] }, restrictionBy(createRuleset(landlockVersion(), []))]);

function codeOf(act: () => void): string | null {
  try {
    act();
    return null;
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error);
  }
}

const threads = statuses.map((fd) => {
  const status = bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.length, 0));
  return ['CapPrm', 'NoNewPrivs', 'Seccomp'].map((field) => new RegExp(`^${field}:\\s*(\\w+)`, 'm').exec(status)?.[1]).join(' ');
});
const opened = await new Promise((resolve) => {
  opener.once('message', resolve);
  opener.postMessage('open');
});
const result = {
  states,
  threadCount: threads.length,
  rights: [...new Set(threads)],
  reads: codeOf(() => readFileSync('/etc/hostname')),
  readsOnAnotherThread: opened,
  signalsItsParent: codeOf(() => systemCall('kill', ownCallNumber('kill'), process.ppid, 0)),
  sendsMany: way === 'all' ? codeOf(sendMany) : null,
  signalsItself: codeOf(() => systemCall('kill', ownCallNumber('kill'), process.pid, 0)),
};
writeSync(1, `${JSON.stringify(result)}\n`);
process.kill(process.pid, 'SIGKILL');
