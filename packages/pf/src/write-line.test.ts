import { deepEqual, equal } from 'node:assert/strict';
import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { closeDescriptor, createSocketPair } from '@gpup/os';
import { VfConnection } from './vf-connection.ts';
import { writeLine } from './write-line.ts';

/** A writer's socket, and the bare descriptor of the other end. */
function pair(t: TestContext): { readonly socket: Socket; readonly peerFd: number } {
  const [fd, peerFd] = createSocketPair();
  const socket = new Socket({ fd, readable: true, writable: true });
  socket.on('error', () => {});
  t.after(() => socket.destroy());
  return { socket, peerFd };
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()));

for (const [what, write] of [
  ['asked for a sign of life', (connection) => connection.ping()],
  ['told of its turns', (connection) => connection.freeTurn()],
  ['told of escapes', (connection) => connection.openEscapes([])],
] as const satisfies readonly (readonly [string, (connection: VfConnection) => void])[]) {
  test(`a VF that has said why it ends, and is ${what} before that is read, is heard`, async (t) => {
    const { socket, peerFd } = pair(t);
    const heard: unknown[] = [];
    const connection = new VfConnection({ socket, onLine: (line) => heard.push(line), onScheduling: () => {}, onBadLine: () => {} });
    // Also what it has not read itself must not keep its words from us.
    write(connection);
    const fault = { type: 'fault', code: 'stale-handle', message: 'Handle 11 names no object.' };
    writeSync(peerFd, `${JSON.stringify(fault)}\n`);
    closeDescriptor(peerFd);
    write(connection);
    connection.ping();
    await closed(socket);
    deepEqual(heard, [fault]);
  });
}

test('what a peer does not read waits for it in its order, and is told to have been written then', async (t) => {
  const { socket, peerFd } = pair(t);
  const lines = Array.from({ length: 200 }, (_, i) => `${String(i).padStart(4095, '0')}\n`);
  let writtenCount = 0;
  const waiting = lines.filter((line) => !writeLine(socket, line, () => writtenCount++)).length;
  equal(waiting > 0 && waiting < lines.length, true, `${waiting} of ${lines.length} wait`);
  equal(writtenCount, 0);
  const peer = new Socket({ fd: peerFd, readable: true, writable: false });
  t.after(() => peer.destroy());
  let text = '';
  for await (const chunk of peer) {
    text += String(chunk);
    if (text.length === lines.length * 4096) break;
  }
  equal(text === lines.join(''), true);
  while (writtenCount < waiting) await new Promise((resolve) => setImmediate(resolve));
  equal(writeLine(socket, 'more\n'), true);
});

test('to a socket that is closed nothing is written', (t) => {
  const { socket, peerFd } = pair(t);
  closeDescriptor(peerFd);
  equal(writeLine(socket, 'nobody\n'), true);
  socket.destroy();
  equal(writeLine(socket, 'nobody\n'), true);
});
