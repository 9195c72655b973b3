import { deepEqual, equal, throws } from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  bindUnixSocket,
  closeDescriptor,
  connectUnixSocket,
  connectUnixSocketNow,
  createSocketPair,
  drainNow,
  duplicateDescriptor,
  guardConnection,
  isPeerAlive,
  isUnixStreamSocket,
  nativeMemory,
  peekNow,
  peerCredentials,
  receiveDescriptorsNow,
  receiveNow,
  sendByteNow,
  sendDescriptors,
  sendNow,
  setBlocking,
  shutdownSocket,
  systemCall,
  waitForDescriptor,
} from './index.ts';

function inDirectory(run: (directory: string) => Promise<void> | void) {
  return async (): Promise<void> => {
    const directory = mkdtempSync(join(tmpdir(), 'gpup-os-test-'));
    try {
      await run(directory);
    } finally {
      rmSync(directory, { recursive: true });
    }
  };
}

test('connecting where there is no socket fails with ENOENT and names the path', inDirectory((directory) => {
  const path = join(directory, 'none.sock');
  throws(() => connectUnixSocket(path), { name: 'SystemCallError', code: 'ENOENT', syscall: 'connect', message: `System call connect (${path}) fails with ENOENT (2).` });
}));

test('connecting to a socket that nobody listens on fails with ECONNREFUSED', inDirectory(async (directory) => {
  const path = join(directory, 'host.sock');
  const { spawnSync } = await import('node:child_process');
  spawnSync(process.execPath, ['-e', `require('net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`]);
  throws(() => connectUnixSocket(path), { name: 'SystemCallError', code: 'ECONNREFUSED' });
}));

test('a path longer than a socket address holds is refused before any call', () => {
  throws(() => connectUnixSocket(`/tmp/${'x'.repeat(103)}`), RangeError);
  throws(() => connectUnixSocket(`/tmp/${'x'.repeat(102)}`), { code: 'ENOENT' });
});

test('connects to a listening server, whose process the kernel names', inDirectory(async (directory) => {
  const path = join(directory, 'host.sock');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const connected = once(server, 'connection');
  const fd = connectUnixSocket(path);
  const [socket] = await connected;
  deepEqual(peerCredentials(fd), { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() });
  closeDescriptor(fd);
  socket.destroy();
  server.close();
}));

/** <fcntl.h>: a name of a file, nothing of which can be used. */
const O_PATH = 0x200000;

test('connecting now does not wait where the listener has no room', inDirectory(async (directory) => {
  const path = join(directory, 'host.sock');
  const server = createServer().listen({ path, backlog: 1 });
  await once(server, 'listening');
  // Nothing is accepted as long as this turn lasts.
  const fds: number[] = [];
  throws(() => {
    for (;;) fds.push(connectUnixSocketNow(path));
  }, { name: 'SystemCallError', code: 'EAGAIN' });
  equal(fds.length, 2);
  for (const fd of fds) closeDescriptor(fd);
  server.close();
}));

test('a Unix stream socket is told from everything else', inDirectory(async (directory) => {
  const path = join(directory, 'host.sock');
  const server = createServer().listen(path);
  const inet = createServer().listen(0, '127.0.0.1');
  await Promise.all([once(server, 'listening'), once(inet, 'listening')]);
  const datagrams = createSocket('udp4').bind();
  await once(datagrams, 'listening');
  const [first, second] = createSocketPair();
  const name = openSync(path, O_PATH);
  const file = openSync('/dev/null', 'r');
  const inetFds = [inet, datagrams].map((socket) => (socket as unknown as { readonly _handle: { readonly fd: number } })._handle.fd);
  deepEqual([first, name, file, ...inetFds].map(isUnixStreamSocket), [true, false, false, false, false]);
  for (const fd of [first, second]) closeDescriptor(fd);
  for (const fd of [name, file]) closeSync(fd);
  server.close();
  inet.close();
  datagrams.close();
}));

test('a byte is sent without waiting until the peer has many unread', () => {
  const [first, second] = createSocketPair();
  let sentCount = 0;
  while (sendByteNow(first) === 'sent') sentCount += 1;
  equal(sendByteNow(first), 'full');
  equal(drainNow(second), true);
  equal(sendByteNow(first), 'sent');
  equal(sentCount > 16, true);
  closeDescriptor(first);
  closeDescriptor(second);
});

test('a send that does not fit takes the bytes that do', () => {
  const [first, second] = createSocketPair();
  const large = new Uint8Array(16 << 20);
  const sent = sendNow(first, large);
  equal(typeof sent === 'number' && sent > 0 && sent < large.length, true);
  equal(sendNow(first, large), 0);
  closeDescriptor(first);
  closeDescriptor(second);
});

test('peeking leaves the bytes, receiving takes them', () => {
  const [first, second] = createSocketPair();
  const into = new Uint8Array(8);
  equal(peekNow(second, into), 0);
  sendNow(first, Uint8Array.of(1, 2, 3));
  equal(peekNow(second, into), 3);
  equal(receiveNow(second, into), 3);
  deepEqual([...into.subarray(0, 3)], [1, 2, 3]);
  equal(receiveNow(second, into), 0);
  closeDescriptor(first);
  closeDescriptor(second);
});

test('a peer that has closed is gone for every call', () => {
  const [first, second] = createSocketPair();
  equal(isPeerAlive(first), true);
  closeDescriptor(second);
  equal(isPeerAlive(first), false);
  equal(drainNow(first), false);
  equal(sendByteNow(first), 'gone');
  equal(receiveNow(first, new Uint8Array(1)), 'gone');
  closeDescriptor(first);
});

test('unread bytes hide the end of a peer from a peek, not from a drain', () => {
  const [first, second] = createSocketPair();
  sendByteNow(second);
  closeDescriptor(second);
  equal(isPeerAlive(first), true);
  equal(drainNow(first), false);
  closeDescriptor(first);
});

test('a peer that closes with our bytes unread resets the connection: it is gone', () => {
  const [first, second] = createSocketPair();
  sendByteNow(first);
  closeDescriptor(second);
  equal(drainNow(first), false);
  equal(sendByteNow(first), 'gone');
  closeDescriptor(first);
});

test('a shut down socket is at its end for both, however many hold it', () => {
  const [first, second] = createSocketPair();
  shutdownSocket(first);
  equal(isPeerAlive(second), false);
  equal(isPeerAlive(first), false);
  closeDescriptor(first);
  closeDescriptor(second);
});

test('waiting tells readable from not', () => {
  const [first, second] = createSocketPair();
  equal(waitForDescriptor(second, 'readable', 0), false);
  equal(waitForDescriptor(second, 'writable', 0), true);
  sendByteNow(first);
  equal(waitForDescriptor(second, 'readable', -1), true);
  closeDescriptor(first);
  closeDescriptor(second);
});

test('a bound socket is its user\'s alone, and refuses until somebody listens', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-bind-'));
  const path = join(directory, 'x.sock');
  const fd = bindUnixSocket(path);
  t.after(() => {
    closeDescriptor(fd);
    rmSync(directory, { recursive: true });
  });
  equal(statSync(path).mode & 0o777, 0o600);
  throws(() => connectUnixSocket(path), { code: 'ECONNREFUSED' });
  throws(() => bindUnixSocket(path), { code: 'EADDRINUSE' });
});

const SENDTO = process.arch === 'x64' ? 44 : 206;
const MSG_OOB = 1;

for (const isGuarded of [false, true]) {
  test(`an urgent byte ${isGuarded ? 'is read in its place from a guarded connection' : 'is nothing that can be read from another'}, and keeps nobody waiting`, () => {
    const [first, second] = createSocketPair();
    if (isGuarded) guardConnection(second);
    const { address, fields } = nativeMemory(64);
    fields.setUint8(0, 7);
    systemCall('sendto', SENDTO, first, address, 1, MSG_OOB);
    const received = receiveDescriptorsNow(second, { byteCountMax: 8, fdCountMax: 1 });
    deepEqual(received === null ? null : [...received.bytes], isGuarded ? [7] : null);
    for (const fd of [first, second]) closeDescriptor(fd);
  });
}

test('a guarded connection takes no descriptors, where the kernel can refuse them', () => {
  const [first, second] = createSocketPair();
  const { refusesDescriptors } = guardConnection(second);
  let isRefused = false;
  try {
    sendDescriptors(first, Uint8Array.of(1), [first]);
  } catch (error) {
    isRefused = (error as { readonly code?: string }).code === 'EPERM';
  }
  equal(isRefused, refusesDescriptors);
  for (const fd of [first, second]) closeDescriptor(fd);
});

test('a duplicate is the same open file: who makes it blocking does so for all', () => {
  const [first, second] = createSocketPair();
  const copy = duplicateDescriptor(first);
  const isBlocking = (fd: number): boolean => (Number.parseInt(/flags:\s+(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '0', 8) & 0x800) === 0;
  setBlocking(copy, false);
  equal(isBlocking(first), false);
  setBlocking(copy, true);
  equal(isBlocking(first), true);
  for (const fd of [first, second, copy]) closeDescriptor(fd);
});
