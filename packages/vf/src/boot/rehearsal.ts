/**
 * What a VF process does while nobody needs it: it plays one short guest to itself, from the greeting to
 * the mapped result of a dispatch, over a link of its own. So the driver's libraries and threads are there,
 * Dawn's and the driver's compilers have run, and V8 has compiled our code, before the first real packet.
 *
 * A command processor of its own runs it, and ends with it: the guest to come finds nothing of it but time
 * saved.
 */
import type { GuestLink } from '@gpup/bus';
import { acceptLink, offerLink } from '@gpup/bus/node';
import { createSocketPair } from '@gpup/os';
import { FEATURE_LEVEL, INLINE, PROTOCOL_MAJOR, PROTOCOL_MINOR, Writer, handles } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { type Backend, BUFFER_USAGE, MAP_MODE } from '../backend.ts';
import { CommandProcessor } from '../command-processor.ts';

/** Small: the guest's own aperture comes later, in addition. */
const HEAP_BYTES = 1 << 16;
const BUFFER_BYTES = 256;
const SHADER = '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) i: vec3u) { v[i.x] = i.x; }';

/** Of the acts, those that load what has to be loaded: a device is there after them. */
export const LOADING_ACT_COUNT = 3;

/**
 * Resolves when it is over, or half way once `isNeeded` tells that a guest waits, though not before so many acts. What
 * fails is the real guest's to hear of, so this never rejects.
 */
export async function rehearse(backend: Backend, isNeeded: () => boolean, actCountMin: number): Promise<void> {
  const [hostFd, guestFd] = createSocketPair();
  const hostLink = offerLink(hostFd, 'aperture', { heapBytes: HEAP_BYTES });
  const ended = new Promise<void>((resolve) => {
    const report = (): void => {
      hostLink.close();
      resolve();
    };
    new CommandProcessor({ link: hostLink, backend, report });
  });
  const guest = new RehearsalGuest(acceptLink(guestFd));
  for (const [index, act] of ACTS.entries()) {
    if (index >= actCountMin && isNeeded()) break;
    await guest.play(act);
  }
  // The device tells of its end; where there is none, the context ends for naming it.
  await guest.play((w) => encode.encodeGPUDeviceDestroy(w, DEVICE));
  guest.leave();
  await ended;
}

type Act = (w: Writer) => void;

/** By the order of their creation. */
const [ADAPTER, DEVICE, QUEUE, MODULE, PIPELINE, LAYOUT, STORAGE, READ_BACK, GROUP, COMMANDS] = Array.from({ length: 10 }, (_, index) => handles.makeHandle(index + 1, 0)) as Ten;
type Ten = [number, number, number, number, number, number, number, number, number, number];
/** Only one is open at a time. */
const REQUEST = 1;

/** Each ends with something that is answered by one packet. */
const ACTS: readonly Act[] = [
  (w) => encode.encodeContextHello(w, PROTOCOL_MAJOR, PROTOCOL_MINOR, FEATURE_LEVEL, ''),
  (w) => encode.encodeGPURequestAdapter(w, REQUEST, ADAPTER, { featureLevel: 'core', forceFallbackAdapter: false, xrCompatible: false }),
  (w) => encode.encodeGPUAdapterRequestDevice(w, ADAPTER, REQUEST, DEVICE, QUEUE, { label: '', defaultQueue: { label: '' }, requiredFeatures: [], requiredLimits: [] }),
  (w) => {
    encode.encodeGPUDeviceCreateShaderModule(w, DEVICE, MODULE, { label: '', code: SHADER, compilationHints: [] });
    encode.encodeGPUDeviceCreateComputePipeline(w, DEVICE, PIPELINE, { label: '', layout: 'auto', compute: { module: { handle: MODULE }, constants: [] } });
    encode.encodeGPUComputePipelineGetBindGroupLayout(w, PIPELINE, LAYOUT, 0);
    buffer(w, STORAGE, BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_SRC | BUFFER_USAGE.COPY_DST);
    buffer(w, READ_BACK, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
    const entries = [{ binding: 0, resource: { buffer: { handle: STORAGE }, offset: 0 } }];
    encode.encodeGPUDeviceCreateBindGroup(w, DEVICE, GROUP, { label: '', layout: { handle: LAYOUT }, entries });
    encode.encodeGPUQueueWriteBuffer(w, QUEUE, { handle: STORAGE }, 0, 0, new Uint8Array(BUFFER_BYTES));
    encode.encodeGPUCommandEncoderFinish(w, DEVICE, COMMANDS, { label: '' }, { label: '' }, dispatchAndCopy());
    encode.encodeGPUQueueSubmit(w, QUEUE, [COMMANDS]);
    encode.encodeGPUBufferMapAsync(w, READ_BACK, REQUEST, MAP_MODE.READ, 0, BUFFER_BYTES, INLINE, BUFFER_BYTES);
  },
];

function buffer(w: Writer, handle: number, usage: number): void {
  encode.encodeGPUDeviceCreateBuffer(w, DEVICE, handle, { label: '', size: BUFFER_BYTES, usage, mappedAtCreation: false });
}

function dispatchAndCopy(): { readonly words: Uint32Array; readonly begin: number; readonly end: number } {
  const w = new Writer(64);
  encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
  encode.recordGPUComputePassEncoderSetPipeline(w, { handle: PIPELINE });
  encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: GROUP }, []);
  encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
  encode.recordGPUComputePassEncoderEnd(w);
  encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: STORAGE }, 0, { handle: READ_BACK }, 0, BUFFER_BYTES);
  return { words: w.words, begin: 0, end: w.length };
}

class RehearsalGuest {
  readonly #link: GuestLink;
  #hasLost = false;
  #answered: () => void = () => {};

  constructor(link: GuestLink) {
    this.#link = link;
    // Also when the other end is closed, until we have heard of it.
    link.setWaiting(true);
    link.onPacket = () => this.#answered();
    link.onClose = () => {
      this.#hasLost = true;
      this.#answered();
    };
  }

  /** Sends the act, and resolves with its answer or with the end of everything. */
  async play(act: Act): Promise<void> {
    if (this.#hasLost) return;
    const w = new Writer();
    act(w);
    await new Promise<void>((resolve) => {
      this.#answered = resolve;
      this.#link.send(w.words, 0, w.length);
    });
  }

  leave(): void {
    this.#link.close();
  }
}
