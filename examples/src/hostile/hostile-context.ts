import { HEADER, layoutAperture, viewAperture } from '@gpup/bus';
import { nodeScheduler } from '@gpup/bus/node';
import { PROTOCOL } from '@gpup/guest';
import { closeDescriptor, connectUnixSocket, mapShared, receiveDescriptors, sendByteNow, sendNow } from '@gpup/os';
import { FEATURE_LEVEL, PROTOCOL_MAJOR, PROTOCOL_MINOR, Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { IDL_HASH, REPLIES } from '@gpup/wire/numbers';
import { type HostLine, HostLines } from './host-lines.ts';

/** A host that is silent for so long has not noticed. */
const PATIENCE_MS = 20_000;
const ANNOUNCEMENT_BYTES_MAX = 1024;
const LOOK_MS = 1;

/**
 * A context opened as any guest opens one, in the hands of a program that keeps none of the rules: there
 * is no driver, but the shared memory, its descriptor and the sockets themselves.
 */
export class HostileContext {
  /** The aperture's memfd, as the VF handed it over. */
  readonly memfd: number;
  readonly sizeBytes: number;
  readonly header: Int32Array;
  readonly commandRing: Uint32Array;
  readonly heapBytes: number;
  readonly out = new Writer();
  readonly #replyRing: Uint32Array;
  readonly #control: HostLines;
  readonly #dataFd: number;
  /** Positions in the two streams of words, mod 2^32. */
  #tail = 0;
  #replyHead = 0;
  #lost: HostLine | null = null;

  constructor(socketPath: string) {
    this.#control = new HostLines(socketPath);
    this.#control.say(`${JSON.stringify({ type: 'open', protocol: PROTOCOL, transport: 'aperture', pid: process.pid })}\n`);
    const opened = expected(this.#control.next(PATIENCE_MS), 'opened');
    this.#dataFd = connectUnixSocket(socketPath);
    sendNow(this.#dataFd, Buffer.from(`${JSON.stringify({ type: 'attach', token: opened['token'] })}\n`));
    expected(this.#control.next(PATIENCE_MS), 'ready');
    const { bytes, fds } = receiveDescriptors(this.#dataFd, { byteCountMax: ANNOUNCEMENT_BYTES_MAX, fdCountMax: 1 });
    const [memfd] = fds;
    const layout = layoutAperture(JSON.parse(Buffer.from(bytes).toString('utf8')) as Parameters<typeof layoutAperture>[0]);
    if (memfd === undefined || layout === null) throw new Error('The VF hands over no aperture.');
    const aperture = viewAperture(mapShared(memfd, layout.sizeBytes).buffer, layout);
    this.memfd = memfd;
    this.sizeBytes = layout.sizeBytes;
    this.heapBytes = layout.heapBytes;
    this.header = aperture.control;
    this.commandRing = aperture.commandRing;
    this.#replyRing = aperture.replyRing;
  }

  /** Behaves: introduces itself as a driver does. */
  greet(): void {
    encode.encodeContextHello(this.out, PROTOCOL_MAJOR, PROTOCOL_MINOR, FEATURE_LEVEL, IDL_HASH);
    this.send();
    this.#await(REPLIES['Event.welcome']);
  }

  /** Behaves: opens a device. Its handles: 1 the adapter, 2 the device, 3 the queue. */
  openDevice(): void {
    this.greet();
    encode.encodeGPURequestAdapter(this.out, 1, 1, { featureLevel: 'core', forceFallbackAdapter: false, xrCompatible: false });
    this.send();
    this.#await(REPLIES['Reply.json']);
    encode.encodeGPUAdapterRequestDevice(this.out, 1, 2, 2, 3, { label: '', requiredFeatures: [], requiredLimits: [], defaultQueue: { label: '' } });
    this.send();
    this.#await(REPLIES['Reply.json']);
  }

  get tail(): number {
    return this.#tail;
  }

  /** Sends the packets in `out`, waiting for room. Returns false once the context is lost. */
  send(): boolean {
    const { words, length } = this.out;
    this.out.reset();
    for (let at = 0; at < length && this.#lost === null; ) {
      const capacity = this.commandRing.length;
      const used = (this.#tail - Atomics.load(this.header, HEADER.commandHead)) >>> 0;
      const count = Math.min(length - at, capacity - used);
      for (let i = 0; i < count; i++) this.commandRing[(this.#tail + i) & (capacity - 1)] = words[at + i] as number;
      at += count;
      this.publish(this.#tail + count);
      if (count === 0) this.#listen(LOOK_MS);
    }
    return this.#lost === null;
  }

  /** Says that commands are there up to this position, true or not. */
  publish(tail: number): void {
    this.#tail = tail >>> 0;
    Atomics.store(this.header, HEADER.commandTail, this.#tail | 0);
    this.ring();
  }

  ring(): void {
    sendByteNow(this.#dataFd);
  }

  /** Takes what the host has answered and counts the packets by their number. */
  takeReplies(): ReadonlyMap<number, number> {
    const counts = new Map<number, number>();
    const ring = this.#replyRing;
    const tail = Atomics.load(this.header, HEADER.replyTail) >>> 0;
    const at = (position: number): number => ring[position & (ring.length - 1)] as number;
    while (((tail - this.#replyHead) >>> 0) >= 2) {
      const lengthWords = at(this.#replyHead + 1);
      // The rest of it is still to come.
      if (lengthWords > (tail - this.#replyHead) >>> 0) break;
      counts.set(at(this.#replyHead), (counts.get(at(this.#replyHead)) ?? 0) + 1);
      this.#replyHead = (this.#replyHead + lengthWords) >>> 0;
    }
    Atomics.store(this.header, HEADER.replyHead, this.#replyHead | 0);
    this.ring();
    return counts;
  }

  /** What the host says when the context is lost. Null: it stays as it is. */
  waitForLoss(): HostLine | null {
    return this.#listen(PATIENCE_MS);
  }

  /** Whether the context still does what it is told. */
  isAlive(): boolean {
    encode.encodeContextRelease(this.out, []);
    this.send();
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (Atomics.load(this.header, HEADER.executed) >>> 0 !== this.#tail) {
      if (performance.now() > deadlineMs || this.#listen(LOOK_MS) !== null) return false;
    }
    return true;
  }

  /** Lets go of everything; the host ends what is left of the context. */
  close(): void {
    this.#control.close();
    closeDescriptor(this.#dataFd);
    closeDescriptor(this.memfd);
  }

  #listen(timeoutMs: number): HostLine | null {
    this.#lost ??= this.#control.next(timeoutMs);
    return this.#lost;
  }

  #await(opcode: number): void {
    const deadlineMs = performance.now() + PATIENCE_MS;
    while (!this.takeReplies().has(opcode)) {
      if (performance.now() > deadlineMs) throw new Error(`The VF does not answer (reply ${opcode}).`);
      nodeScheduler.sleep?.(LOOK_MS);
    }
  }
}

function expected(line: HostLine | null, type: string): HostLine {
  if (line?.['type'] === type) return line;
  throw new Error(`The host answers "${type}" with ${JSON.stringify(line)}.`);
}
