import { assert, GuestFault } from '@gpup/base';
import type { HostLink } from '@gpup/bus';
import { type ContextSlot, HostMemory, OwnBudget, VideoMemory } from '@gpup/vidmm';
import { FEATURE_LEVEL_MIN } from '@gpup/wire';
import type { LatencyClass } from '@gpup/wire/enums';
import { type Backend, describeError, OwnedCommandBuffer } from './backend.ts';
import { BundleAccount, type BundleHolder } from './bundle-account.ts';
import { CommandReader } from './command-reader.ts';
import { CompileMeter } from './compile-meter.ts';
import type { DeviceState } from './device-state.ts';
import { Garbage } from './garbage.ts';
import { Kind } from './generated/kinds.gen.ts';
import { apertureBytes, hostBytesOf, labelBytes, RECORDING_BYTES } from './host-cost.ts';
import type { GuestView } from './guest-view.ts';
import { Journal } from './journal.ts';
import type { VfLimits } from './limits.ts';
import { Known, ObjectTable } from './object-table.ts';
import { defaultViewOf } from './objects/texture.ts';
import { References } from './references.ts';
import { Replies } from './replies.ts';
import { SubmitMeter } from './submit-meter.ts';
import { SubmittedWork } from './submitted-work.ts';
import { LATENCY_CLASS_DEFAULT } from './told-latency-class.ts';
import { TurnGate, type TurnHost } from './turn-gate.ts';

/** Native objects that keep recorded commands. */
const RECORDED: ReadonlySet<number> = new Set([Kind.GPUCommandBuffer, Kind.GPURenderBundle]);
/** Writes in flight stop the guest before they are a large part of what its partition may make the host hold. */
const WRITES_SHARE_MAX = 1 / 8;

/** What a microtask is made of. */
const NOW = Promise.resolve();

export interface ContextOptions {
  readonly link: HostLink;
  readonly backend: Backend;
  readonly limits: VfLimits;
  readonly nowMs: () => number;
  /** The context's slot on its partition's page; null where it has its budgets alone. */
  readonly slot: ContextSlot | null;
  readonly view: GuestView;
  readonly turns: TurnHost;
  /** The one place where exceptions end that an answer of the implementation leads to. */
  readonly failed: (error: unknown) => void;
}

/** What the handlers of a context's packets share: its objects, its accounts, and the way back to the guest. */
export class Context {
  readonly backend: Backend;
  /** What the guest sees of the adapter. */
  readonly view: GuestView;
  readonly limits: VfLimits;
  readonly heap: Uint8Array | null;
  readonly replies: Replies;
  readonly references = new References();
  readonly table: ObjectTable;
  readonly journal: Journal;
  readonly videoMemory: VideoMemory;
  readonly hostMemory: HostMemory;
  readonly work: SubmittedWork;
  readonly gate: TurnGate;
  readonly garbage: Garbage;
  readonly bundles: BundleAccount;
  readonly compiles: CompileMeter;
  readonly nowMs: () => number;
  /** Of whole packets. */
  readonly reader: CommandReader;
  /** Of the commands recorded inside one: these carry no payload outside of it. */
  readonly recordedReader: CommandReader;
  /** Pinned: the implementation must not collect a device while one of its objects lives. */
  readonly devices = new Set<DeviceState>();
  adapterCount = 0;
  /** Devices that were asked for and not yet delivered. */
  pendingDeviceCount = 0;
  /** Charged for buffers that are mapped or being mapped. */
  mappedBytes = 0;
  #labelCharacters = 0;
  readonly #link: HostLink;
  readonly #slot: ContextSlot | null;
  /** Reasons not to read the guest's commands now. */
  #holdCount = 0;
  isEnded = false;
  /** At which the guest and we have met. */
  featureLevel = FEATURE_LEVEL_MIN;
  /** What the guest says of itself, for the scheduler. */
  latencyClass: LatencyClass = LATENCY_CLASS_DEFAULT;
  /** While the journal is played back: the object that comes next was one of those we refused. */
  isNextRefused = false;
  readonly #failed: (error: unknown) => void;
  #words: Uint32Array = new Uint32Array(0);
  #begin = 0;
  #end = 0;

  constructor(options: ContextOptions) {
    const { link, backend, limits, slot, nowMs } = options;
    this.backend = backend;
    this.nowMs = nowMs;
    this.view = options.view;
    this.limits = limits;
    this.heap = link.heap;
    this.#link = link;
    this.#slot = slot;
    this.#failed = options.failed;
    this.videoMemory = new VideoMemory(slot?.video ?? new OwnBudget(limits.vramBytes));
    this.hostMemory = new HostMemory(slot?.host ?? new OwnBudget(limits.hostBytesMax));
    this.replies = new Replies(link, limits.pendingRequestCountMax, this.hostMemory);
    this.journal = new Journal(limits.journalBytesMax);
    this.table = new ObjectTable(limits, {
      released: (known) => this.journal.released(known),
      freed: (known) => this.#free(known),
    });
    this.bundles = new BundleAccount(limits, this.hostMemory);
    this.compiles = new CompileMeter(slot, nowMs);
    this.garbage = new Garbage({
      collect: backend.collectGarbage,
      collected: () => this.guard(() => this.#reclaim()),
      nowMs,
    });
    this.work = new SubmittedWork({
      limits: { ...limits, writeBytesInFlightMax: Math.min(limits.writeBytesInFlightMax, this.hostMemory.limitBytes * WRITES_SHARE_MAX) },
      hostMemory: this.hostMemory,
      meter: slot === null ? null : new SubmitMeter(slot),
      publish: (serial) => link.publishCompleted(serial),
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      settled: (promise, then) => this.settle(promise, then, then),
      // The packets at hand are executed in one task.
      soon: (callback) => void NOW.then(() => this.guard(callback)),
      progressed: () => this.gate.progressed(),
      expect: backend.expect,
      nowMs,
    });
    this.gate = new TurnGate({
      host: options.turns,
      work: this.work,
      pause: () => this.#pause(),
      resume: () => this.#resume(),
      execute: (submit) => this.#executeKept(submit),
      nowMs,
    });
    const readerOptions = { table: this.table, references: this.references, defaultView: defaultViewOf };
    this.reader = new CommandReader(readerOptions);
    this.recordedReader = new CommandReader(readerOptions);
    this.reader.heap = link.heap;
    this.recordedReader.stringBytesMax = limits.labelBytesMax;
  }

  /** Before anything else is: throws where the partition has no room for one more context. */
  chargeAperture(): void {
    this.hostMemory.charge(apertureBytes(this.heap));
  }

  /** The packet that is executed next: what it creates keeps a copy of it. */
  open(words: Uint32Array, begin: number, end: number): void {
    this.#words = words;
    this.#begin = begin;
    this.#end = end;
    this.references.reset();
  }

  /** As a packet, to whoever watches. */
  #executeKept(submit: () => void): void {
    this.#slot?.packetBoundary();
    this.guard(submit);
    this.#slot?.packetBoundary();
  }

  #pause(): void {
    if (this.#holdCount++ === 0) this.#link.pause();
  }

  #resume(): void {
    if (--this.#holdCount === 0) this.#link.resume();
  }

  /** Reads nothing more of the guest until the function that this returns is called, once. */
  hold(): () => void {
    this.#pause();
    return () => this.#resume();
  }

  /** What to do when the implementation answers. After the end of the context nothing is done. */
  settle<T>(promise: Promise<T>, then: (value: T) => void, failed: (error: unknown) => void): void {
    promise.then(
      (value) => this.guard(() => then(value)),
      (error: unknown) => this.guard(() => failed(error)),
    );
  }

  /** Runs what an event of the implementation leads to. */
  guard(action: () => void): void {
    if (this.isEnded) return;
    try {
      action();
    } catch (error) {
      this.#failed(error);
    }
  }

  /**
   * Puts an object into the table under a handle that has been checked to be fresh. `make` is the call
   * of the implementation; what it throws for a descriptor that a correct guest driver does not send
   * (a format whose feature is missing) becomes a validation error.
   */
  create<N>(kind: number, handle: number, device: DeviceState, descriptor: { readonly label?: string }, make: () => N): Known<N> {
    if (this.isNextRefused) return this.#addInvalid(kind, handle, device, descriptor);
    // Before it is made: what the host has no room for must not be there first.
    const hostBytes = this.#hostBytesOf(kind, descriptor);
    this.hostMemory.charge(hostBytes);
    let native: N;
    try {
      native = make();
    } catch (error) {
      this.hostMemory.release(hostBytes);
      return this.refuse(kind, handle, device, descriptor, { filter: 'validation', message: describeError(error).message });
    }
    return this.#addCharged(new Known<N>(handle, kind, native, device), descriptor, hostBytes);
  }

  /** As `create`, for what the implementation compiles: the compiler may not return. */
  compile<N>(kind: number, handle: number, device: DeviceState, descriptor: { readonly label?: string }, make: () => N): Known<N> {
    const end = this.compiles.begin(device.known.handle);
    try {
      return this.create(kind, handle, device, descriptor, make);
    } finally {
      end();
    }
  }

  /** Puts an invalid object in the place of one that we do not create, and reports why. */
  refuse<N>(
    kind: number,
    handle: number,
    device: DeviceState,
    descriptor: { readonly label?: string },
    error: { readonly filter: GPUErrorFilter; readonly message: string },
  ): Known<N> {
    const known = this.#addInvalid<N>(kind, handle, device, descriptor);
    device.scopes.raise(error.filter, error.message);
    return known;
  }

  #addInvalid<N>(kind: number, handle: number, device: DeviceState, descriptor: { readonly label?: string }): Known<N> {
    const known = new Known<N>(handle, kind, device.errorObjects.of(kind) as N, device);
    known.state = 'invalid';
    return this.#add(known, descriptor);
  }

  /** An object whose creation the implementation has yet to finish. */
  createPending<N>(kind: number, handle: number, device: DeviceState | null, descriptor: { readonly label?: string }): Known<N> {
    const known = new Known<N>(handle, kind, null as N, device);
    known.state = 'pending';
    return this.#add(known, descriptor);
  }

  /** A second object that the packet creates: a device's queue. */
  createPendingAlong<N>(kind: number, handle: number, first: Known, descriptor: { readonly label?: string }): Known<N> {
    this.table.checkFresh(handle);
    const known = new Known<N>(handle, kind, null as N, null);
    known.state = 'pending';
    known.references = [first];
    known.label = descriptor.label ?? '';
    this.table.add(known);
    this.journal.createdAlong(known);
    this.chargeHost(known, hostBytesOf(kind, known.label, 0));
    return known;
  }

  #add<N>(known: Known<N>, descriptor: { readonly label?: string }): Known<N> {
    const hostBytes = this.#hostBytesOf(known.kind, descriptor);
    this.hostMemory.charge(hostBytes);
    return this.#addCharged(known, descriptor, hostBytes);
  }

  #addCharged<N>(known: Known<N>, descriptor: { readonly label?: string }, hostBytes: number): Known<N> {
    known.label = descriptor.label ?? '';
    known.hostBytes = hostBytes;
    known.references = this.references.take();
    this.table.add(known);
    this.journal.created(known, this.#words, this.#begin, this.#end);
    return known;
  }

  /** Of an object that the packet being executed creates. */
  #hostBytesOf(kind: number, { label = '' }: { readonly label?: string }): number {
    return hostBytesOf(kind, label, (this.#end - this.#begin) * 4);
  }

  /** What an object turns out to hold besides. */
  chargeHost(known: Known, bytes: number): void {
    this.hostMemory.charge(bytes);
    known.hostBytes += bytes;
  }

  /** A label that an object was given later. The longest one on every object would fill V8's heap. */
  relabel(known: Known, label: string): void {
    const characters = this.#labelCharacters - known.labelCharacters + label.length;
    if (characters > this.limits.labelCharacterCountMax) {
      throw new GuestFault('label-size', `The labels of the context have ${characters} characters, the limit is ${this.limits.labelCharacterCountMax}.`);
    }
    const addedBytes = labelBytes(label) - labelBytes(known.label);
    if (addedBytes > 0) this.hostMemory.charge(addedBytes);
    else this.hostMemory.release(-addedBytes);
    known.hostBytes += addedBytes;
    this.#labelCharacters = characters;
    known.labelCharacters = label.length;
    known.label = label;
  }

  /** Nothing names the object any more. Memory goes at once, the rest when the collector comes by. */
  #free(known: Known): void {
    this.journal.freed(known);
    this.#labelCharacters -= known.labelCharacters;
    this.hostMemory.release(known.hostBytes);
    known.hostBytes = 0;
    if (known.native instanceof OwnedCommandBuffer) known.native.release();
    else this.garbage.add(1, RECORDED.has(known.kind) ? RECORDING_BYTES : 0);
    switch (known.kind) {
      case Kind.GPUAdapter:
        this.adapterCount--;
        break;
      case Kind.GPUDevice:
        if (known.device !== null) this.#freeDevice(known.device);
        break;
      case Kind.RecordedPass:
        this.dropBundles(known.native as BundleHolder);
        break;
      case Kind.GPUBuffer:
      case Kind.GPUTexture:
      case Kind.GPUQuerySet:
        this.dropMemory(known as Known<GPUBuffer | GPUTexture | GPUQuerySet>);
        break;
      default:
        break;
    }
  }

  #freeDevice(device: DeviceState): void {
    this.devices.delete(device);
    this.work.abandon(device.native.queue);
    // Nobody can hear of it any more; without this its memory would wait for the collector.
    device.lose();
    device.native.destroy();
  }

  #reclaim(): void {
    for (const device of this.devices) device.reclaim();
  }

  /** Gives an object's memory back, now: on destroy(), and when nothing uses it any more. */
  dropMemory(known: Known<GPUBuffer | GPUTexture | GPUQuerySet>): void {
    const bytes = known.vramBytes + known.stagingBytes;
    this.uncharge(known);
    if (known.state !== 'valid') return;
    known.state = 'destroyed';
    known.native.destroy();
    const { device } = known;
    if (device === null || device.isLost) return;
    device.freed(bytes);
    // The budget has them back now, the machine only when the GPU is done with them: one long dispatch is enough.
    this.work.inFlight(device.native.queue, bytes);
  }

  /** The bundles of a recorded pass have lost their user; the collector will find them. */
  dropBundles(holder: BundleHolder): void {
    this.garbage.add(holder.bundleCount, holder.bundleCount * RECORDING_BYTES);
    this.bundles.release(holder);
  }

  /** Leaves reserved memory with the object that was created for it, or returns it if there is none. */
  charge(known: Known, { vramBytes, stagingBytes = 0, mappedBytes = 0 }: { readonly vramBytes: number; readonly stagingBytes?: number; readonly mappedBytes?: number }): void {
    if (known.state === 'invalid') {
      this.videoMemory.release(vramBytes + stagingBytes);
      return;
    }
    known.vramBytes = vramBytes;
    known.stagingBytes = stagingBytes;
    known.mappedBytes = mappedBytes;
    this.mappedBytes += mappedBytes;
  }

  /** Ends what the accounts hold for an object. */
  uncharge(known: Known): void {
    this.videoMemory.release(known.vramBytes);
    known.vramBytes = 0;
    this.dropMapping(known);
  }

  dropMapping(known: Known): void {
    known.mapping = null;
    this.videoMemory.release(known.stagingBytes);
    known.stagingBytes = 0;
    this.mappedBytes -= known.mappedBytes;
    known.mappedBytes = 0;
    assert(this.mappedBytes >= 0);
  }

  /** The device's objects hold no memory from now on, whatever the application still keeps of them. */
  deviceLost(device: DeviceState): void {
    device.lose();
    for (const known of this.table.all()) {
      if (known.device !== device || known.state === 'pending') continue;
      this.uncharge(known);
      known.state = 'lost';
    }
  }
}
