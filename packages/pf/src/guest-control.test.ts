/** A VF has a copy of its guest's control connection, and may have been taken over: what it does to it holds nobody up. */
import { deepEqual, equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, mock, test } from 'node:test';
import { bindUnixSocket, closeDescriptor, createSocketPair, duplicateDescriptor, receiveNow, sendNow, setBlocking, systemCall, waitForDescriptor } from '@gpup/os';
import { GuestControl } from './guest-control.ts';
import { PF_LIMITS } from './limits.ts';

class Scene {
  readonly guestFd: number;
  /** The VF's copy. */
  readonly vfFd: number;
  readonly control: GuestControl;
  readonly heard: string[] = [];

  constructor(t: TestContext) {
    mock.timers.enable({ apis: ['setInterval'] });
    const [guestFd, hostFd] = createSocketPair();
    const listener = { onBytes: () => void this.heard.push('bytes'), onGone: () => void this.heard.push('gone') };
    const socket = new Socket({ fd: hostFd, readable: true, writable: true });
    this.control = GuestControl.ofSocket(socket, listener);
    this.guestFd = guestFd;
    this.vfFd = duplicateDescriptor(this.control.share() as number);
    t.after(() => {
      this.control.end();
      closeDescriptor(this.vfFd);
      mock.timers.reset();
    });
  }

  look(): void {
    mock.timers.tick(PF_LIMITS.guestLookMs);
  }
}

test('a copy that is made blocking, and read by its other holder, keeps no look waiting', (t) => {
  const scene = new Scene(t);
  setBlocking(scene.vfFd, true);
  sendNow(scene.guestFd, Uint8Array.of(1, 2, 3));
  equal(waitForDescriptor(scene.vfFd, 'readable', 1000), true);
  equal(receiveNow(scene.vfFd, new Uint8Array(8)), 3);
  scene.look();
  deepEqual(scene.heard, []);
  sendNow(scene.guestFd, Uint8Array.of(4));
  scene.look();
  deepEqual(scene.heard, ['bytes']);
  closeDescriptor(scene.guestFd);
});

test('nor does one that is full', (t) => {
  const scene = new Scene(t);
  setBlocking(scene.vfFd, true);
  while (sendNow(scene.vfFd, new Uint8Array(4096)) !== 0);
  scene.control.tell({ type: 'ready' });
  scene.control.tell({ type: 'lost', code: 'over', message: 'It is over.' });
  closeDescriptor(scene.guestFd);
});

test("the guest's end is noticed, and so is its connection's, whoever has ended it", (t) => {
  const closed = new Scene(t);
  closeDescriptor(closed.guestFd);
  closed.look();
  deepEqual(closed.heard, ['gone']);
});

test('a listening socket in its place is a guest that is gone', (t) => {
  mock.timers.enable({ apis: ['setInterval'] });
  const directory = mkdtempSync(join(tmpdir(), 'gpup-control-'));
  const fd = bindUnixSocket(join(directory, 'x.sock'));
  const LISTEN = process.arch === 'x64' ? 50 : 201;
  systemCall('listen', LISTEN, fd, 1);
  const heard: string[] = [];
  const control = GuestControl.ofShared(fd, { onBytes: () => heard.push('bytes'), onGone: () => heard.push('gone') });
  t.after(() => {
    control.end();
    mock.timers.reset();
    rmSync(directory, { recursive: true });
  });
  mock.timers.tick(PF_LIMITS.guestLookMs);
  deepEqual(heard, ['gone']);
});

/** What the tests above would be worth nothing without: a stream of Node's stands still in the same scene. */
test("a plain read of such a copy would hold its reader's thread", async (t) => {
  const [guestFd, hostFd] = createSocketPair();
  // A socket of Node's in another process, whose timer tells that its thread goes on.
  const script = `const socket = new (require('net').Socket)({ fd: 3 }); socket.on('data', () => {}); setInterval(() => process.stdout.write('.'), 5);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit', hostFd] });
  t.after(() => {
    child.kill('SIGKILL');
    for (const fd of [guestFd, hostFd]) closeDescriptor(fd);
  });
  const beats = (): Promise<void> => new Promise((resolve) => child.stdout?.once('data', () => resolve()));
  await beats();
  setBlocking(hostFd, true);
  // As much as one read takes at a time, so that the stream reads once more, and finds nothing.
  const READ_BYTES = 65_536;
  for (let sent = 0; sent < READ_BYTES; ) {
    const count = sendNow(guestFd, new Uint8Array(READ_BYTES - sent));
    if (count === 'gone') throw new Error('It has ended.');
    sent += count;
  }
  const STILL_MS = 500;
  let hasBeaten = false;
  do {
    hasBeaten = false;
    void beats().then(() => {
      hasBeaten = true;
    });
    await new Promise((resolve) => setTimeout(resolve, STILL_MS));
  } while (hasBeaten);
  // Free again with the next byte.
  const next = beats();
  sendNow(guestFd, Uint8Array.of(1));
  await next;
});
