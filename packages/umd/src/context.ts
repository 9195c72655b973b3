/**
 * One context: the guest's end of everything that one VF holds. It owns the link, the packets that
 * wait to be sent, the handles, and the requests that wait for a reply.
 */
import type { CloseReason, GuestLink } from '@gpup/bus';
import { Reader, WIRE_LIMITS, Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import type { GPUDeviceLostReason, GPUErrorFilter } from '@gpup/wire/enums';
import { dispatchReply, type ReplyHandlers } from '@gpup/wire/replies';
import { EscapeError } from './escape-error.ts';
import { GarbagePressure } from './garbage-pressure.ts';
import type { HandleAllocator } from './handle-allocator.ts';
import { LeaseTable, NO_LEASE } from './lease-table.ts';
import { MappedMemory } from './mapped-memory.ts';
import { ReadBackWindow } from './read-back-window.ts';
import { type PendingRequest, Requests } from './requests.ts';

/** What the platform lends to the driver. */
export interface Platform {
  /** Runs `callback` soon, outside of the current call; used for collections. */
  defer(callback: () => void): void;
  /** Starts a full collection if the platform allows that. */
  collectGarbage(): void;
  /** Whether two runs of as many bytes are equal, where the platform compares faster than a loop does. */
  areBytesEqual?(a: Uint8Array, b: Uint8Array): boolean;
}

/** What a context tells a device of. */
export interface DeviceEvents {
  deviceLost(reason: GPUDeviceLostReason, message: string): void;
  uncapturedError(filter: GPUErrorFilter, message: string): void;
}

/** Words that may wait before they are sent at once: the host should start while the guest goes on. */
const FLUSH_WORDS = 8192;
/** Command buffers whose submit is to come: beyond this the host should not wait for it. */
const FLUSH_WORDS_BEFORE_SUBMIT = 1 << 15;
/** What a microtask is made of: the platform's queueMicrotask may make objects of its own for each. */
const NOW = Promise.resolve();
/** Staged payload that may wait likewise: the host copies it while the guest stages what follows. */
const FLUSH_STAGED_BYTES = 256 << 10;
/** Payload shorter than this is cheaper inside the packet than through the heap's allocator. */
export const INLINE_BYTES_MAX = 1024;
/** How long one wait for room in the heap may take before the payload goes inline. */
const HEAP_WAIT_MS = 10_000;

/** What may be leased: it knows its lease, NO_LEASE once the host holds nothing for it any more. */
interface Leased {
  lease: number;
}

/** Objects that are kept for the end of the task at most; a longer task has some registered on its way. */
const FRESH_COUNT_MAX = 4096;

/** Which passes are sent once and then named: see pass-cache.ts. */
export type ReplayPolicy = 'adaptive' | 'first-sight' | 'off';

const WORDS_COMPARED_FIRST = 64;

/** The host's first minor version that knows recorded passes. */
const REPLAY_MINOR = 1;

/** No request has this id, so it stands for the greeting. */
const GREETING_ID = 0;

export interface WelcomeInfo {
  readonly wgslLanguageFeatures: readonly string[];
  readonly preferredCanvasFormat: string;
  /** The context's budget of video memory. Null: none. Absent: an older host. */
  readonly vramBytes?: number | null;
  /** Names of the escapes that are open. Absent: an older host. */
  readonly escapes?: readonly string[];
}

/** What the host has answered to our greeting. */
export interface Greeting {
  readonly major: number;
  readonly minor: number;
  readonly featureLevel: number;
  readonly escapes: readonly string[];
}

export class Context implements ReplyHandlers {
  readonly out = new Writer(FLUSH_WORDS * 2);
  readonly link: GuestLink;
  readonly readBacks: ReadBackWindow;
  readonly mappedMemory = new MappedMemory();
  readonly #platform: Platform;
  readonly #handles: HandleAllocator;
  readonly #requests: Requests;
  readonly #devices = new Map<number, DeviceEvents>();
  readonly #reader = new Reader();
  readonly #pressure: GarbagePressure;
  readonly #finalizers: FinalizationRegistry<number>;
  readonly #leases = new LeaseTable();
  /** Leased in this task. Many are ended in the same one, as command buffers are, and need no finalizer. */
  #fresh: Leased[] = [];
  readonly #flushScheduledBound = (): void => this.#flushAtEndOfTask();
  readonly #firstSubmitted: (() => void) | undefined;
  readonly #onWelcome: (info: WelcomeInfo) => void;
  readonly #onLost: (message: string) => void;
  #releases: number[] = [];
  /** Where `stage` has put the next packet's payload, or -1. */
  #placed = -1;
  /** Payload in the heap that no sent packet names. */
  #stagedBytes = 0;
  #submitCount = 0;
  #flushScheduled = false;
  #lostMessage: string | null = null;
  readonly #replayPolicy: ReplayPolicy;
  #greeting: Greeting | null = null;
  #greeted: Promise<Greeting> | null = null;
  /** Who wants to know when a handle is given back. */
  readonly #watchers = new Map<number, Set<() => void>>();

  constructor(options: {
    readonly link: GuestLink;
    readonly platform: Platform;
    readonly handles: HandleAllocator;
    /** Default: 'adaptive'. */
    readonly replayPolicy?: ReplayPolicy | undefined;
    readonly firstSubmitted?: (() => void) | undefined;
    readonly onWelcome: (info: WelcomeInfo) => void;
    readonly onLost: (message: string) => void;
  }) {
    this.link = options.link;
    this.readBacks = new ReadBackWindow(options.link);
    this.#requests = new Requests((waiting, isSoon) => this.link.setWaiting(waiting, isSoon));
    this.#platform = options.platform;
    this.#handles = options.handles;
    this.#replayPolicy = options.replayPolicy ?? 'adaptive';
    this.#firstSubmitted = options.firstSubmitted;
    this.#onWelcome = options.onWelcome;
    this.#onLost = options.onLost;
    this.#pressure = new GarbagePressure(() => this.#platform.defer(() => this.#collect()));
    this.out.stringBytesMax = WIRE_LIMITS.labelBytesMax;
    this.#finalizers = new FinalizationRegistry((lease) => {
      this.release(lease);
      this.#leases.close(lease);
    });
    this.out.place = () => {
      const placed = this.#placed;
      this.#placed = -1;
      return placed;
    };
    this.link.onPacket = (words, begin, end) => {
      const opcode = words[begin] as number;
      this.#reader.open(words, begin + 2, end);
      dispatchReply(this, opcode, this.#reader);
    };
    this.link.onClose = (reason) => this.lose(closeMessage(reason), guiltyDevice(reason));
  }

  get replayPolicy(): ReplayPolicy {
    return (this.#greeting?.minor ?? 0) < REPLAY_MINOR ? 'off' : this.#replayPolicy;
  }

  /** Whether words[begin, begin + kept.length) are `kept`. */
  areWordsEqual(kept: Uint32Array, words: Uint32Array, begin: number): boolean {
    const { length } = kept;
    // Most that differ do so early; a platform's call costs as much as a few words.
    const loopEnd = Math.min(length, WORDS_COMPARED_FIRST);
    for (let i = 0; i < loopEnd; i++) if (kept[i] !== words[begin + i]) return false;
    if (length === loopEnd) return true;
    const platform = this.#platform;
    if (platform.areBytesEqual !== undefined) {
      return platform.areBytesEqual(bytesOf(kept, loopEnd, length), bytesOf(words, begin + loopEnd, begin + length));
    }
    for (let i = loopEnd; i < length; i++) if (kept[i] !== words[begin + i]) return false;
    return true;
  }

  get lostMessage(): string | null {
    return this.#lostMessage;
  }

  /** To be called after each packet written to `out`. */
  written(): void {
    if (this.out.length >= FLUSH_WORDS || this.#stagedBytes >= FLUSH_STAGED_BYTES) this.flush();
    else if (!this.#flushScheduled) this.#scheduleFlush();
  }

  /** The same for a packet that a submit will follow as a rule: that sends both, and wakes the host once. */
  writtenForSubmit(): void {
    if (this.out.length >= FLUSH_WORDS_BEFORE_SUBMIT) this.flush();
    else if (!this.#flushScheduled) this.#scheduleFlush();
  }

  #scheduleFlush(): void {
    this.#flushScheduled = true;
    void NOW.then(this.#flushScheduledBound);
  }

  #flushAtEndOfTask(): void {
    this.#flushScheduled = false;
    this.flush();
    this.link.ringIfDue();
    if (this.#fresh.length > 0) this.#registerFresh();
  }

  #registerFresh(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    for (const object of fresh) {
      const { lease } = object;
      if (this.#leases.handleOf(lease) !== 0) {
        this.#finalizers.register(object, lease);
        continue;
      }
      // The object may live on, and its number is about to be another's.
      object.lease = NO_LEASE;
      this.#leases.close(lease);
    }
  }

  /** `mayRingLater`: a host that sleeps may sleep on until the task is over. */
  flush(mayRingLater = false): void {
    if (this.#releases.length > 0) {
      const releases = this.#releases;
      this.#releases = [];
      encode.encodeContextRelease(this.out, releases);
      // Free only now: what reuses a slot is written behind the packet that gives it back.
      for (const handle of releases) this.#handles.release(handle);
    }
    if (this.out.length === 0) return;
    this.#stagedBytes = 0;
    const { words, length } = this.out;
    this.out.reset();
    if (this.#lostMessage !== null) return;
    this.link.send(words, 0, length, mayRingLater);
    if (mayRingLater && !this.#flushScheduled) this.#scheduleFlush();
  }

  // Handles and lifetimes

  allocateHandle(): number {
    if (this.#lostMessage !== null) return 0;
    const handle = this.#handles.allocate();
    if (handle === 0) this.lose('The context holds more objects than a handle can name.');
    return handle;
  }

  /**
   * Releases the handle on the host when `object` has been collected. `byteLength`: what it holds there.
   * The object is to keep what this returns as its `lease`.
   */
  lease(object: Leased, handle: number, byteLength: number): number {
    if (this.#fresh.length >= FRESH_COUNT_MAX) this.#registerFresh();
    this.#fresh.push(object);
    if (!this.#flushScheduled) this.#scheduleFlush();
    this.#pressure.created(byteLength);
    return this.#leases.open(handle, byteLength);
  }

  /** 0 once the host has dropped the object, or has been told to. */
  handleOf(lease: number): number {
    return this.#leases.handleOf(lease);
  }

  release(lease: number): void {
    const handle = this.#leases.handleOf(lease);
    if (handle === 0) return;
    this.#leases.end(lease);
    this.#pressure.released(this.#leases.byteLengthOf(lease));
    this.#devices.delete(handle);
    this.#releases.push(handle);
    if (!this.#flushScheduled) this.#scheduleFlush();
    if (this.#watchers.size > 0) this.#tell(handle);
  }

  #tell(handle: number): void {
    const watchers = this.#watchers.get(handle);
    if (watchers === undefined) return;
    this.#watchers.delete(handle);
    for (const released of watchers) released();
  }

  /** Calls `released` when the handle is given back; it must not keep the handle's object alive. */
  watch(handle: number, released: () => void): void {
    const watchers = this.#watchers.get(handle);
    if (watchers === undefined) this.#watchers.set(handle, new Set([released]));
    else watchers.add(released);
  }

  unwatch(handle: number, released: () => void): void {
    const watchers = this.#watchers.get(handle);
    if (watchers?.delete(released) === true && watchers.size === 0) this.#watchers.delete(handle);
  }

  /** The host has dropped the object by itself, or never had it: the slot is free without a message. */
  forget(lease: number): void {
    const handle = this.#leases.handleOf(lease);
    if (handle === 0) return;
    this.#leases.end(lease);
    this.#handles.release(handle);
    this.#pressure.released(this.#leases.byteLengthOf(lease));
  }

  /** The host has freed the object's memory, as the program destroyed it: there is nothing for a collection to find. */
  emptied(lease: number): void {
    this.#pressure.emptied(this.#leases.byteLengthOf(lease));
    this.#leases.empty(lease);
  }

  #collect(): void {
    this.#platform.collectGarbage();
    // Finalizers run in a task of their own after the collection.
    this.#platform.defer(() => this.#pressure.collected());
  }

  // Submits

  /** A submit has been sent. */
  submitted(): void {
    this.#submitCount += 1;
    if (this.#submitCount === 1) this.#firstSubmitted?.();
  }

  /** Whether the GPU has finished, as far as is known, all that was submitted. */
  isGpuIdle(): boolean {
    return this.link.completedSerial() >= this.#submitCount;
  }

  // Requests

  request(pending: PendingRequest): number {
    return this.#requests.add(pending);
  }

  /** Sends what has been written, the request with it; a context that is gone answers at once. */
  sent(id: number): void {
    this.flush();
    if (this.#lostMessage === null) return;
    this.#requests.take(id)?.lost(this.#lostMessage);
  }

  /** Resolves when the host has answered our greeting. */
  greeted(): Promise<Greeting> {
    if (this.#greeting !== null) return Promise.resolve(this.#greeting);
    this.#greeted ??= new Promise((resolve, reject) => {
      const lost = (message: string): void => reject(new EscapeError('context-lost', message));
      if (this.#lostMessage !== null) return lost(this.#lostMessage);
      this.#requests.await(GREETING_ID, { done: () => resolve(this.#greeting as Greeting), error: (_name, _reason, message) => lost(message), lost });
    });
    return this.#greeted;
  }

  // Payload

  /**
   * Copies the payload of the packet that is written next to where the host can see it, waiting for
   * the host to free room if need be. What is small, or finds no room, travels inside the packet.
   */
  stage(bytes: Uint8Array): void {
    const room = this.#reserve(bytes.byteLength);
    room?.set(bytes);
  }

  /**
   * As `stage`, for payload that is yet to be made: where to put it before the packet is written.
   * Nothing else may be written to this context meanwhile.
   */
  stageRoom(byteLength: number): Uint8Array {
    return this.#reserve(byteLength) ?? new Uint8Array(byteLength);
  }

  #reserve(byteLength: number): Uint8Array | null {
    this.#placed = -1;
    const { heap } = this.link;
    if (heap === null || byteLength <= INLINE_BYTES_MAX || this.#lostMessage !== null) return null;
    let offset = heap.stage(byteLength);
    while (offset < 0) {
      // Staged regions are freed by the packets that name them, so those must be on their way.
      this.flush();
      if (!this.link.waitForProgress(HEAP_WAIT_MS)) return null;
      offset = heap.stage(byteLength);
    }
    this.#placed = offset;
    this.#stagedBytes += byteLength;
    return heap.bytes.subarray(offset, offset + byteLength);
  }

  // Devices and their events

  addDevice(handle: number, events: DeviceEvents): void {
    this.#devices.set(handle, events);
  }

  /**
   * The VF is gone or has refused us. Every device is lost with this message; nothing is sent any more.
   * Where it is known whose work has ended the VF, `guilty` is that device's handle, and each is told whether it was its own.
   */
  lose(message: string, guilty: number | null = null): void {
    if (this.#lostMessage !== null) return;
    this.#lostMessage = message;
    this.out.reset();
    const requests = this.#requests.takeAll();
    this.#onLost(message);
    for (const [handle, device] of [...this.#devices]) device.deviceLost('unknown', `${message}${verdictOn(handle, guilty)}`);
    this.#devices.clear();
    for (const pending of requests) pending.lost(message);
    this.link.close();
  }

  // Replies and events

  'Reply.done'(request: number): void {
    this.#requests.take(request)?.done?.();
  }

  'Reply.json'(request: number, text: string): void {
    this.#requests.take(request)?.json?.(text);
  }

  'Reply.error'(request: number, name: string, reason: string, message: string): void {
    this.#requests.take(request)?.error(name, reason, message);
  }

  'Reply.scope'(request: number, filter: GPUErrorFilter | null, message: string): void {
    this.#requests.take(request)?.scope?.(filter, message);
  }

  'Reply.data'(request: number, data: Uint8Array): void {
    this.#requests.take(request)?.data?.(data);
  }

  'Reply.escape'(request: number, words: Uint32Array): void {
    this.#requests.take(request)?.escape?.(words);
  }

  'Event.welcome'(major: number, minor: number, featureLevel: number, text: string): void {
    const info = JSON.parse(text) as WelcomeInfo;
    this.#greeting = { major, minor, featureLevel, escapes: info.escapes ?? [] };
    this.#pressure.budgetBytes = info.vramBytes ?? Number.POSITIVE_INFINITY;
    this.#onWelcome(info);
    this.#requests.take(GREETING_ID)?.done?.();
  }

  'Event.deviceLost'(device: number, reason: GPUDeviceLostReason, message: string): void {
    this.#devices.get(device)?.deviceLost(reason, message);
  }

  'Event.uncapturedError'(device: number, filter: GPUErrorFilter, message: string): void {
    this.#devices.get(device)?.uncapturedError(filter, message);
  }

  'Event.contextLost'(code: string, message: string): void {
    this.lose(`${message} (${code})`);
  }
}

function bytesOf(words: Uint32Array, begin: number, end: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + begin * 4, (end - begin) * 4);
}

function guiltyDevice(reason: CloseReason): number | null {
  return reason.kind === 'peer-gone' ? (reason.guilty ?? null) : null;
}

function verdictOn(handle: number, guilty: number | null): string {
  if (guilty === null) return '';
  return handle === guilty ? ' It was the work of this device.' : ' It was the work of another device.';
}

function closeMessage(reason: CloseReason): string {
  if (reason.kind === 'closed') return 'The context was closed.';
  return reason.message;
}
