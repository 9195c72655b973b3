import { Reader } from '@gpup/wire';
import { dispatchReply, type ReplyHandlers } from '@gpup/wire/replies';
import type { Backend } from '../backend.ts';
import { CommandProcessor, type ProcessorEnd } from '../command-processor.ts';
import { knownEscapes } from '../escapes/escape-registry.ts';
import type { BufferHash } from './buffer-hashes.ts';
import { MappedRegions } from './capture-link.ts';
import type { CaptureReader } from './capture-reader.ts';
import { capturedReply } from './capture-writer.ts';
import { CaptureError, type CaptureHeader, type CaptureRecord, type EndReason } from './format.ts';
import { ReplayLink } from './replay-link.ts';
import { ReplyLedger, type ReplyTally } from './reply-ledger.ts';

export interface ReplayOptions {
  readonly capture: CaptureReader;
  readonly backend: Backend;
  /** The captured context's budget holds only below this: a file must not choose how much memory a replay takes. */
  readonly vramBytesMax?: number | null;
  /** How long one answer may take that the captured host has given. */
  readonly stallMsMax?: number;
  /** Whether the contents of all buffers are read at the end. */
  readonly hashesBuffers?: boolean;
}

/** Something that the replayed host has reported to its guest. */
export interface ReplayError {
  /** The packet that was delivered last, counted from 1. */
  readonly packet: number;
  readonly kind: string;
  readonly message: string;
}

export interface ReplayReport {
  readonly header: CaptureHeader;
  /** Why the capture ends. */
  readonly captureEnd: EndReason;
  readonly packetCount: number;
  readonly payloadBytes: number;
  readonly replies: ReplyTally;
  readonly errorCount: number;
  /** The first of them. */
  readonly errors: readonly ReplayError[];
  /** Why the replayed context has ended, if it has. */
  readonly lost: { readonly code: string; readonly message: string } | null;
  /** What the replay waited for in vain, if it gave up. */
  readonly stalled: string | null;
  /** Null: not asked for. */
  readonly buffers: readonly BufferHash[] | null;
}

const STALL_MS_MAX = 30_000;
const ERRORS_KEPT = 20;

/**
 * Plays a captured context to a new command processor. A packet is delivered only when every answer has come that
 * the captured guest had had by then: so what a guest learns before it goes on, the replay's has learnt too.
 *
 * Rejects with a CaptureError where the file is damaged. The file is as hostile as a guest: what it can do is
 * bounded by the same limits, and by those of the capture's format.
 */
export async function replayCapture(options: ReplayOptions): Promise<ReplayReport> {
  return new Replay(options).run();
}

class Replay {
  readonly #capture: CaptureReader;
  readonly #stallMsMax: number;
  readonly #hashesBuffers: boolean;
  readonly #link: ReplayLink;
  readonly #processor: CommandProcessor;
  readonly #ledger = new ReplyLedger();
  readonly #regions = new MappedRegions();
  readonly #reader = new Reader();
  readonly #errors: ReplayError[] = [];
  readonly #handlers: ReplyHandlers;
  #errorCount = 0;
  #packetCount = 0;
  #payloadBytes = 0;
  #lost: ReplayReport['lost'] = null;
  #isOver = false;
  /** Called when something has changed that may be waited for. */
  #changed: () => void = () => {};

  constructor({ capture, backend, vramBytesMax = null, stallMsMax = STALL_MS_MAX, hashesBuffers = false }: ReplayOptions) {
    const { heapBytes, escapes } = capture.header;
    const vramBytes = Math.min(capture.header.vramBytes ?? Number.POSITIVE_INFINITY, vramBytesMax ?? Number.POSITIVE_INFINITY);
    this.#capture = capture;
    this.#stallMsMax = stallMsMax;
    this.#hashesBuffers = hashesBuffers;
    this.#handlers = this.#makeHandlers();
    this.#link = new ReplayLink(heapBytes);
    this.#link.onReply = (words, begin, end) => this.#replied(words.slice(begin, end));
    this.#link.onResume = () => this.#changed();
    this.#processor = new CommandProcessor({
      link: this.#link,
      backend,
      limits: { vramBytes },
      escapes: knownEscapes(escapes),
      report: (end) => this.#ended(end),
    });
  }

  async run(): Promise<ReplayReport> {
    let captureEnd: EndReason = 'open';
    let stalled: string | null = null;
    for (const record of this.#capture.records()) {
      if (record.type === 'end') captureEnd = record.reason;
      // What is left is still looked at: a damaged file is told.
      if (this.#isOver || stalled !== null) continue;
      stalled = await this.#step(record);
    }
    stalled ??= await this.#until(() => this.#ledger.isEven);
    const buffers = this.#hashesBuffers && !this.#isOver && stalled === null ? await this.#processor.hashBuffers() : null;
    return {
      header: this.#capture.header,
      captureEnd,
      packetCount: this.#packetCount,
      payloadBytes: this.#payloadBytes,
      replies: this.#ledger.tally(),
      errorCount: this.#errorCount,
      errors: this.#errors,
      lost: this.#lost,
      stalled,
      buffers,
    };
  }

  /** What was waited for in vain, or null. */
  async #step(record: CaptureRecord): Promise<string | null> {
    switch (record.type) {
      case 'reply':
        this.#ledger.captured(record);
        return null;
      case 'blob':
      case 'packet': {
        const stalled = await this.#until(() => this.#ledger.isEven && !this.#link.isPaused);
        if (stalled === null && record.type === 'blob') this.#load(record.heapOffset, record.bytes);
        if (stalled === null && record.type === 'packet') this.#deliver(record.words);
        return stalled;
      }
      case 'end':
        return null;
    }
  }

  #load(heapOffset: number, bytes: Uint8Array): void {
    const { heap } = this.#link;
    if (heap === null || heapOffset + bytes.length > heap.length) {
      throw new CaptureError(this.#capture.offset, `has payload at ${heapOffset} of ${bytes.length} bytes, outside of its heap of ${heap?.length ?? 0} bytes`);
    }
    heap.set(bytes, heapOffset);
    this.#payloadBytes += bytes.length;
  }

  #deliver(words: Uint32Array): void {
    if (this.#isOver) return;
    this.#packetCount++;
    this.#regions.note(words, 0, words.length);
    this.#link.onPacket(words, 0, words.length);
  }

  #replied(words: Uint32Array): void {
    this.#ledger.replayed(capturedReply(words, this.#regions.take(words, this.#link.heap)));
    this.#reader.open(words, 2, words.length);
    dispatchReply(this.#handlers, words[0] as number, this.#reader);
    this.#changed();
  }

  #ended(end: ProcessorEnd): void {
    this.#isOver = true;
    if (end.type === 'bug') this.#lost = { code: 'vf-bug', message: String(end.error) };
    this.#changed();
  }

  #makeHandlers(): ReplyHandlers {
    const ignored = (): void => {};
    const noted = (kind: string, message: string): void => this.#note(kind, message);
    return {
      'Reply.done': ignored,
      'Reply.json': ignored,
      'Reply.scope': (_request, filter, message) => (filter === null ? undefined : noted(filter, message)),
      'Reply.data': ignored,
      'Reply.escape': ignored,
      'Reply.error': (_request, name, _reason, message) => noted(name, message),
      'Event.welcome': ignored,
      'Event.deviceLost': (_device, reason, message) => noted(`device lost (${reason})`, message),
      'Event.uncapturedError': (_device, filter, message) => noted(`uncaptured ${filter}`, message),
      'Event.contextLost': (code, message) => {
        this.#lost = { code, message };
      },
    };
  }

  #note(kind: string, message: string): void {
    this.#errorCount++;
    if (this.#errors.length < ERRORS_KEPT) this.#errors.push({ packet: this.#packetCount, kind, message });
  }

  /** Null once it is so, or once nothing more can come of it; else what was waited for. */
  async #until(isSo: () => boolean): Promise<string | null> {
    while (!this.#isOver && !isSo()) {
      if (!(await this.#change())) return this.#ledger.isEven ? 'the GPU to finish what was submitted' : this.#ledger.owed;
    }
    return null;
  }

  /** False: nothing has changed for as long as one answer may take. */
  #change(): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), this.#stallMsMax);
      this.#changed = () => {
        clearTimeout(timer);
        resolve(true);
      };
    });
  }
}

