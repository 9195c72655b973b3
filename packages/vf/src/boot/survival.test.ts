/** A VF that outlives its host, as a process of its own, but without any GPU. */
import { deepEqual, equal } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readlinkSync, rmSync, statSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  closeDescriptor,
  connectUnixSocket,
  createSealedMemfd,
  createSocketPair,
  descriptorOf,
  peerCredentials,
  processStartTicks,
  receiveDescriptors,
  receiveNow,
  sendDescriptors,
  sendNow,
  waitForDescriptor,
} from '@gpup/os';
import { HELLO_BYTES_MAX, HELLO_DESCRIPTORS_MAX, decodeHello } from './adoption.ts';
import { type VfAssignment, encodeAssignment } from './assignment.ts';
import { VF_CONTROL_FD } from './config.ts';
import { HOST_REQUEST_BYTES_MAX, encodeHostRequest } from './host-request.ts';

const program = fileURLToPath(new URL('../testing/surviving-vf.js', import.meta.url));
const VF_ID = '0123456789abcdef';
const CONTEXT = { contextId: 7, partition: 'small', adapter: 'software-0', guestPid: 99, openedMs: 1000 };

/** A VF with a guest and a host, both of them ends of sockets that this test holds. */
class Scene {
  readonly child: ChildProcess;
  readonly controlPath: string;
  /** The guest's end of its control connection. */
  readonly guestFd: number;
  readonly ended: Promise<unknown>;
  readonly #host: Socket;

  constructor(t: TestContext, { orphanMsMax = 60_000, survives = true }: { readonly orphanMsMax?: number; readonly survives?: boolean } = {}) {
    const directory = mkdtempSync(join(tmpdir(), 'gpup-vf-test-'));
    this.controlPath = join(directory, `${VF_ID}.sock`);
    this.child = spawn(process.execPath, [program, String(process.pid), ...(survives ? [this.controlPath] : [])], { stdio: ['pipe', 'inherit', 'inherit', 'pipe'] });
    this.ended = once(this.child, 'exit');
    this.#host = this.child.stdio[VF_CONTROL_FD] as Socket;
    this.#host.on('error', () => {});
    const [guestFd, ours] = createSocketPair();
    const [guestData, data] = createSocketPair();
    const page = createSealedMemfd('gpup-test-page', 4096);
    this.guestFd = guestFd;
    const survival = { vfId: VF_ID, orphanMsMax, context: CONTEXT };
    const assignment: VfAssignment = { transport: 'aperture', heapBytes: null, vramBytes: null, escapes: [], captures: false, ...(survives ? { survival, page: { slotIndex: 3 } } : {}) };
    sendDescriptors(descriptorOf(this.#host) as number, encodeAssignment(assignment), survives ? [data, ours, page] : [data]);
    for (const fd of [ours, guestData, data, page]) closeDescriptor(fd);
    t.after(() => {
      this.child.kill('SIGKILL');
      closeDescriptor(guestFd);
      rmSync(directory, { recursive: true });
    });
  }

  /** The next lines of the VF to its own host. */
  async said(...types: readonly string[]): Promise<void> {
    let text = '';
    while (!types.every((type) => text.includes(`"type":"${type}"`))) text += String(((await once(this.#host, 'data')) as [Buffer])[0]);
  }

  ask(request: Parameters<typeof encodeHostRequest>[0]): void {
    this.#host.write(encodeHostRequest(request));
  }

  endOwnHost(): void {
    this.#host.destroy();
  }
}

class Host {
  readonly fd: number;

  constructor(path: string) {
    this.fd = connectUnixSocket(path);
  }

  hello(): { readonly hello: ReturnType<typeof decodeHello>; readonly fds: readonly number[] } {
    const { bytes, fds } = receiveDescriptors(this.fd, { byteCountMax: HELLO_BYTES_MAX, fdCountMax: HELLO_DESCRIPTORS_MAX });
    return { hello: decodeHello(new TextDecoder().decode(bytes)), fds };
  }

  ask(request: Parameters<typeof encodeHostRequest>[0]): unknown {
    sendNow(this.fd, Buffer.from(encodeHostRequest(request)));
    return JSON.parse(lineFrom(this.fd));
  }

  get hasHello(): boolean {
    return waitForDescriptor(this.fd, 'readable', 0);
  }
}

/** Empty: the end of the connection. */
function lineFrom(fd: number): string {
  const into = new Uint8Array(4096);
  waitForDescriptor(fd, 'readable', -1);
  const received = receiveNow(fd, into);
  return received === 'gone' ? '' : new TextDecoder().decode(into.subarray(0, received));
}

test('a VF without survival ends with its host', async (t) => {
  const scene = new Scene(t, { survives: false });
  await scene.said('ready');
  scene.endOwnHost();
  deepEqual(await scene.ended, [null, 'SIGKILL']);
});

test('a next host is told who the VF is, and gets the descriptors that it keeps', async (t) => {
  const scene = new Scene(t);
  await scene.said('warm', 'ready');
  equal(statSync(scene.controlPath).mode & 0o777, 0o600);
  scene.endOwnHost();
  const host = new Host(scene.controlPath);
  equal(peerCredentials(host.fd).pid, scene.child.pid);
  const { hello, fds } = host.hello();
  const pid = scene.child.pid as number;
  deepEqual(hello, {
    type: 'hello', protocol: { major: 1, minor: 1 }, vfId: VF_ID, pid, startTicks: processStartTicks(pid), isReady: true, context: CONTEXT, page: { slotIndex: 3 },
  });
  const [control = -1, page = -1] = fds;
  equal(readlinkSync(`/proc/self/fd/${page}`), '/memfd:gpup-test-page (deleted)');
  sendNow(control, Buffer.from('to the guest\n'));
  equal(lineFrom(scene.guestFd), 'to the guest\n');
  for (const fd of [host.fd, ...fds]) closeDescriptor(fd);
});

test('turns come from whichever host there is, and a VF knows when there is none or a new one', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  scene.ask({ type: 'turn', serial: 1, untilUs: 0, yields: false });
  await scene.said('turn-over');
  scene.endOwnHost();
  const host = new Host(scene.controlPath);
  for (const fd of host.hello().fds) closeDescriptor(fd);
  deepEqual(JSON.parse(lineFrom(host.fd)), { type: 'latency-class', value: 'interactive' }, 'it has heard nothing yet');
  deepEqual(host.ask({ type: 'turn', serial: 1, untilUs: 0, yields: false }), { type: 'turn-over', serial: 2 });
  deepEqual(host.ask({ type: 'turn-free' }), { type: 'turn-idle', serial: 1 });
  closeDescriptor(host.fd);
});

test('a host asks, and is answered', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  scene.endOwnHost();
  const host = new Host(scene.controlPath);
  for (const fd of host.hello().fds) closeDescriptor(fd);
  deepEqual(host.ask({ type: 'ping', serial: 5 }), { type: 'pong', serial: 5 });
  deepEqual(host.ask({ type: 'allocations', request: 6, countMax: 10 }), { type: 'allocations', request: 6, allocations: [{ label: 'a "label"\n', kind: 'buffer', bytes: 64 }] });
  deepEqual(host.ask({ type: 'end', code: 'told', message: 'It is told to end.' }), { type: 'fault', code: 'told', message: 'It is told to end.' });
  deepEqual(await scene.ended, [null, 'SIGKILL']);
  equal(lineFrom(scene.guestFd), '');
  closeDescriptor(host.fd);
});

test('what a host of a later build asks is passed over', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  scene.endOwnHost();
  const host = new Host(scene.controlPath);
  for (const fd of host.hello().fds) closeDescriptor(fd);
  for (const text of ['{"type":"dance"}', '{"type":"ping"}', 'null', '[]', 'x']) sendNow(host.fd, Buffer.from(`${text}\n`));
  deepEqual(host.ask({ type: 'ping', serial: 1 }), { type: 'pong', serial: 1 });
  closeDescriptor(host.fd);
});

test('a second host waits until the first is gone; of two that wait, the last stays', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  const [early, late] = [new Host(scene.controlPath), new Host(scene.controlPath)];
  equal(lineFrom(early.fd), '');
  equal(late.hasHello, false);
  scene.endOwnHost();
  equal(late.hello().hello?.vfId, VF_ID);
  closeDescriptor(early.fd);
  const next = new Host(scene.controlPath);
  closeDescriptor(late.fd);
  equal(next.hello().hello?.vfId, VF_ID);
  closeDescriptor(next.fd);
});

test('a host that does not keep to the protocol loses its place to the next one', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  scene.endOwnHost();
  const rude = new Host(scene.controlPath);
  rude.hello();
  sendNow(rude.fd, Buffer.alloc(HOST_REQUEST_BYTES_MAX, 'x'));
  equal(lineFrom(rude.fd), '');
  closeDescriptor(rude.fd);
  const next = new Host(scene.controlPath);
  equal(next.hello().hello?.vfId, VF_ID);
  closeDescriptor(next.fd);
});

test('without a host, the guest itself is told why its VF ends', async (t) => {
  const scene = new Scene(t);
  await scene.said('ready');
  scene.endOwnHost();
  // The former's end is noticed before a next one is greeted.
  const host = new Host(scene.controlPath);
  for (const fd of host.hello().fds) closeDescriptor(fd);
  closeDescriptor(host.fd);
  scene.child.stdin?.write('x');
  deepEqual(JSON.parse(lineFrom(scene.guestFd)), { type: 'lost', code: 'test-fault', message: 'It was told to fail.' });
  equal(lineFrom(scene.guestFd), '');
  await scene.ended;
});

test('a VF that no host takes over ends itself, and its guest hears why', async (t) => {
  const scene = new Scene(t, { orphanMsMax: 1 });
  await scene.said('ready');
  scene.endOwnHost();
  deepEqual(JSON.parse(lineFrom(scene.guestFd)), { type: 'lost', code: 'host-gone', message: 'No host process has taken the VF over within 1 ms of the end of its own.' });
  deepEqual(await scene.ended, [null, 'SIGKILL']);
});
