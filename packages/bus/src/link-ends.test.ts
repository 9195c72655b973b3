import { deepEqual, equal } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { closeDescriptor, createSocketPair } from '@gpup/os';
import type { CloseReason, HostLink } from './link.ts';
import { offerLink, type Transport } from './node/index.ts';
import { carriers } from './testing/link-pair.ts';
import { TestGuest } from './testing/test-guest.ts';
import { serveTestHost } from './testing/test-host.ts';
import { ASK } from './testing/test-protocol.ts';

const guestProgram = fileURLToPath(new URL('./testing/guest-process.js', import.meta.url));
const guestWorker = new URL('./testing/guest-worker.js', import.meta.url);
const limits = { timeout: 60_000 };
const transports: readonly Transport[] = ['aperture', 'stream'];

interface GuestProcess {
  readonly host: HostLink;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  readonly closed: Promise<CloseReason>;
}

function startGuest(transport: Transport, behaviour: string): GuestProcess {
  const [hostFd, guestFd] = createSocketPair();
  const child = spawn(process.execPath, [guestProgram, behaviour], { stdio: ['ignore', 'pipe', 'inherit', guestFd] });
  closeDescriptor(guestFd);
  const host = offerLink(hostFd, transport);
  serveTestHost(host);
  const closed = new Promise<CloseReason>((resolve) => {
    host.onClose = resolve;
  });
  return { host, child, exited: once(child, 'exit'), closed };
}

for (const transport of transports) {
  test(`${transport}: a guest process that waits for nothing ends by itself`, limits, async () => {
    const { exited, closed } = startGuest(transport, 'send-and-end');
    deepEqual(await exited, [0, null]);
    equal((await closed).kind, 'peer-gone');
  });

  test(`${transport}: a guest process that waits for a reply lives until it has come`, limits, async () => {
    const { child, exited, closed } = startGuest(transport, 'wait-and-end');
    let said = '';
    child.stdout?.on('data', (bytes: Buffer) => {
      said += bytes.toString();
    });
    deepEqual(await exited, [0, null]);
    equal(said, 'reply 17\n');
    equal((await closed).kind, 'peer-gone');
  });

  test(`${transport}: the host hears of a guest that is killed`, limits, async () => {
    const { host, child, closed } = startGuest(transport, 'never-end');
    await new Promise<void>((resolve) => {
      host.onPacket = () => resolve();
    });
    child.kill('SIGKILL');
    equal((await closed).kind, 'peer-gone');
    // A host that has closed takes calls and does nothing.
    host.send(Uint32Array.of(9, 2), 0, 2);
    host.publishCompleted(1);
    host.pause();
    host.resume();
    host.close();
  });
}

for (const transport of transports) {
  test(`${transport}: the host hears of a guest worker that is terminated`, limits, async () => {
    const [hostFd, socketFd] = createSocketPair();
    const host = offerLink(hostFd, transport);
    serveTestHost(host);
    const closed = new Promise<CloseReason>((resolve) => {
      host.onClose = resolve;
    });
    const worker = new Worker(guestWorker, { workerData: { socketFd } });
    await once(worker, 'message');
    await worker.terminate();
    equal((await closed).kind, 'peer-gone');
  });
}

for (const carrier of carriers.filter(({ name }) => name.endsWith('processes'))) {
  test(`${carrier.name}: the guest hears of a host that is killed, after its last replies`, limits, async (context) => {
    const pair = await carrier.open({});
    context.after(() => pair.dispose());
    const guest = new TestGuest(pair.guest);
    guest.link.setWaiting(true);
    guest.send(ASK.produce, 5, 100);
    guest.send(ASK.die);
    equal((await guest.closed).kind, 'peer-gone');
    equal(guest.replies.length, 5);
    equal(await pair.hostEnding, null);
  });

  test(`${carrier.name}: a guest that is blocked hears of a host that is killed`, limits, async (context) => {
    const pair = await carrier.open({ commandRingBytes: 4096, queueBytesMax: 4096 });
    context.after(() => pair.dispose());
    const guest = new TestGuest(pair.guest);
    guest.send(ASK.work, 20_000);
    guest.send(ASK.die);
    const words = new Uint32Array(500_000);
    words.set([ASK.sink, words.length]);
    // The second cannot be taken before the host has read of the first, which it never does.
    guest.sendWords(words);
    guest.sendWords(words);
    while (guest.link.waitForProgress(60_000));
    equal((await guest.closed).kind, 'peer-gone');
  });

  test(`${carrier.name}: the host says why it closed`, limits, async (context) => {
    const pair = await carrier.open({});
    context.after(() => pair.dispose());
    const guest = new TestGuest(pair.guest);
    await guest.checkArrived();
    guest.link.close();
    deepEqual(await pair.hostEnding, { kind: 'peer-gone', message: 'the peer closed its end' });
  });

  test(`${carrier.name}: a host ends with a fault where the guest breaks the framing`, limits, async (context) => {
    const pair = await carrier.open({});
    context.after(() => pair.dispose());
    const guest = new TestGuest(pair.guest);
    guest.link.setWaiting(true);
    guest.link.send(Uint32Array.of(ASK.sink, 1), 0, 2);
    equal((await guest.closed).kind, 'peer-gone');
    deepEqual(await pair.hostEnding, { kind: 'fault', code: 'packet-length' });
  });
}
