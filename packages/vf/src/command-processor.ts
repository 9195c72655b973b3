import { GuestFault } from '@gpup/base';
import type { CloseReason, HostLink } from '@gpup/bus';
import type { ContextSlot, LabelledBytes, PartitionFigures } from '@gpup/vidmm';
import { FEATURE_LEVEL, FEATURE_LEVEL_MIN, formatFeatureLevel, negotiateFeatureLevel, PROTOCOL_MAJOR, PROTOCOL_MINOR } from '@gpup/wire';
import type { LatencyClass } from '@gpup/wire/enums';
import { OPCODES } from '@gpup/wire/numbers';
import type { Backend } from './backend.ts';
import type { Turn } from './boot/host-request.ts';
import { type BufferHash, hashBuffers } from './capture/buffer-hashes.ts';
import { Context } from './context.ts';
import { EscapeRegistry } from './escapes/escape-registry.ts';
import { setLatencyClass } from './escapes/latency-class.ts';
import { figuresOfLoneContext, statisticsOf } from './escapes/statistics.ts';
import { dispatch, type Handlers } from './generated/dispatch.gen.ts';
import { type GuestView, WHOLE_VIEW } from './guest-view.ts';
import type { JournalSnapshot } from './journal.ts';
import { largestAllocations } from './largest-allocations.ts';
import { VF_LIMITS, type VfLimits } from './limits.ts';
import { adapterHandlers } from './objects/adapter.ts';
import { bindingHandlers } from './objects/binding.ts';
import { bufferHandlers } from './objects/buffer.ts';
import { encoderHandlers } from './objects/command-encoder.ts';
import { deviceHandlers } from './objects/device.ts';
import { escapeHandlers } from './objects/escape.ts';
import { objectHandlers } from './objects/object.ts';
import { pipelineHandlers } from './objects/pipeline.ts';
import { querySetHandlers } from './objects/query-set.ts';
import { recordedPassHandlers } from './objects/recorded-pass.ts';
import { queueHandlers } from './objects/queue.ts';
import { restoreJournal } from './restore.ts';
import { shaderModuleHandlers } from './objects/shader-module.ts';
import { textureHandlers } from './objects/texture.ts';
import { ToldLatencyClass } from './told-latency-class.ts';
import { NO_TURNS, type TurnHost } from './turn-gate.ts';

/** Why a context has ended. Each context ends once. */
export type ProcessorEnd =
  /** The guest broke the protocol, or asked for one that we do not speak. It has been told. */
  | { readonly type: 'fault'; readonly code: string; readonly message: string }
  /** Ours: the process that runs the context should stop. The guest has been told of its loss. */
  | { readonly type: 'bug'; readonly error: unknown }
  | { readonly type: 'closed'; readonly reason: CloseReason };

export interface CommandProcessorOptions {
  /** Becomes the processor's: nobody else sets its callbacks or sends. */
  readonly link: HostLink;
  readonly backend: Backend;
  /** What the guest sees of the adapter. Default: all of it. */
  readonly view?: GuestView;
  readonly limits?: Partial<VfLimits>;
  /** The context's slot on its partition's page: it draws its budgets from there, and says there how it gets on. */
  readonly slot?: ContextSlot;
  /** Called when the context has ended, after the last word to the guest was given to the link. */
  readonly report: (end: ProcessorEnd) => void;
  readonly nowMs?: () => number;
  /** Names of the escapes that the partition has opened. Default: none. */
  readonly escapes?: readonly string[];
  /** Where turns on the adapter come from. Default: there are none. */
  readonly turns?: TurnHost;
}

/** The code that a guest is told when a bug of ours ends its context. */
const BUG_CODE = 'vf-bug';

/**
 * Executes one context's commands: every packet is decoded, checked and handed to the backend within
 * the call that delivers it, so that packets take effect in their order.
 *
 * The guest is hostile. What it sends can end its own context, by a GuestFault, and nothing else.
 */
export class CommandProcessor {
  readonly #link: HostLink;
  readonly #limits: VfLimits;
  readonly #report: (end: ProcessorEnd) => void;
  readonly #context: Context;
  readonly #toldClass: ToldLatencyClass;
  readonly #escapes: EscapeRegistry;
  readonly #slot: ContextSlot | null;
  readonly #handlers: Handlers;
  #isGreeted = false;

  constructor(options: CommandProcessorOptions) {
    const { link, backend, turns = NO_TURNS, nowMs = () => performance.now() } = options;
    this.#link = link;
    this.#limits = { ...VF_LIMITS, ...options.limits };
    this.#report = options.report;
    this.#slot = options.slot ?? null;
    this.#context = new Context({
      link,
      backend,
      limits: this.#limits,
      nowMs,
      slot: this.#slot,
      view: options.view ?? WHOLE_VIEW,
      turns,
      failed: (error) => this.#fail(error),
    });
    this.#toldClass = new ToldLatencyClass({ say: (value) => turns.say({ type: 'latency-class', value }), after: (ms, then) => turns.after(ms, then), nowMs });
    this.#escapes = this.#makeEscapes(options.escapes ?? []);
    this.#handlers = this.#makeHandlers();
    link.onPacket = (words, begin, end) => this.#receive(words, begin, end);
    link.onFault = (fault) => this.#fail(fault);
    link.onClose = (reason) => this.#end({ type: 'closed', reason });
    this.#guard(() => this.#context.chargeAperture());
  }

  get isEnded(): boolean {
    return this.#context.isEnded;
  }

  /** What the partition opens from now on, in place of what it has opened before. */
  openEscapes(names: readonly string[]): void {
    this.#escapes.open(names);
  }

  /** The context's turn, from now on. */
  grantTurn(turn: Turn): void {
    this.#guard(() => this.#context.gate.grant(turn));
  }

  /** There are no turns any more. */
  freeTurn(): void {
    this.#guard(() => this.#context.gate.free());
  }

  /** There is another host, or none: turns were the last one's. */
  hostChanged(isThere: boolean): void {
    this.freeTurn();
    if (isThere) this.#toldClass.hostChanged();
  }

  /** What the guest says of itself, for the scheduler. */
  get latencyClass(): LatencyClass {
    return this.#context.latencyClass;
  }

  /** What the context holds now, for tests and metrics. */
  statistics(): ProcessorStatistics {
    const { table, videoMemory, hostMemory, journal, mappedBytes, replies, work, devices } = this.#context;
    return {
      handleCount: table.handleCount,
      recordCount: table.recordCount,
      deviceCount: devices.size,
      vramBytes: videoMemory.usedBytes,
      hostBytes: hostMemory.usedBytes,
      journalBytes: journal.bytes,
      mappedBytes,
      pendingRequestCount: replies.pendingCount,
      submitSerial: work.serial,
    };
  }

  /** What recorded passes hold for being replayed. */
  bundles(): { readonly count: number; readonly words: number } {
    const { count, words } = this.#context.bundles;
    return { count, words };
  }

  /** The contents of every buffer, of a context that nobody uses any more. */
  hashBuffers(): Promise<readonly BufferHash[]> {
    return hashBuffers(this.#context);
  }

  /** What takes the most video memory now, the largest first. */
  largestAllocations(countMax: number): LabelledBytes[] {
    return largestAllocations(this.#context.table, countMax);
  }

  journal(): JournalSnapshot {
    return this.#context.journal.snapshot(this.#context.table);
  }

  /**
   * Builds the objects of a snapshot, in a context that has none: errors that their creation reports
   * again reach nobody. Commands may follow once it is done. Rejects where this backend cannot do it.
   */
  async restore(snapshot: JournalSnapshot): Promise<void> {
    this.#isGreeted = true;
    await restoreJournal(this.#context, snapshot, (packet) => this.#execute(packet, 0, packet.length));
  }

  /** Ends the context from our side; the guest is told why. The link is the caller's to close. */
  close(code: string, message: string): void {
    this.#fail(new GuestFault(code, message));
  }

  #makeEscapes(names: readonly string[]): EscapeRegistry {
    const context = this.#context;
    const figures = (): PartitionFigures => this.#slot?.partition() ?? figuresOfLoneContext(context);
    return new EscapeRegistry(names, {
      statistics: () => statisticsOf(context, figures()),
      'latency-class': (request) => setLatencyClass(context, this.#toldClass, request),
    });
  }

  #makeHandlers(): Handlers {
    const context = this.#context;
    return {
      ...objectHandlers(context),
      ...escapeHandlers(context, this.#escapes),
      ...adapterHandlers(context),
      ...deviceHandlers(context),
      ...bufferHandlers(context),
      ...textureHandlers(context),
      ...bindingHandlers(context),
      ...shaderModuleHandlers(context),
      ...pipelineHandlers(context),
      ...querySetHandlers(context),
      ...encoderHandlers(context),
      ...recordedPassHandlers(context),
      ...queueHandlers(context),
      'Context.hello': (major, minor, featureLevel) => this.#greet(major, minor, featureLevel),
    } satisfies Handlers;
  }

  #receive(words: Uint32Array, begin: number, end: number): void {
    if (this.#context.isEnded) return;
    this.#slot?.packetBoundary();
    try {
      this.#execute(words, begin, end);
    } catch (error) {
      this.#fail(error);
    }
    this.#slot?.packetBoundary();
  }

  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #execute(words: Uint32Array, begin: number, end: number): void {
    const opcode = words[begin] as number;
    const context = this.#context;
    if (!this.#isGreeted && opcode !== OPCODES['Context.hello']) {
      throw new GuestFault('no-hello', `The first packet has opcode ${opcode}, expected Context.hello.`);
    }
    const { reader } = context;
    context.open(words, begin, end);
    reader.stringBytesMax = opcode === OPCODES['GPUDevice.createShaderModule'] ? this.#limits.shaderBytesMax : this.#limits.labelBytesMax;
    reader.open(words, begin + 2, end);
    dispatch(this.#handlers, opcode, reader);
  }

  #greet(major: number, minor: number, featureLevel: number): void {
    if (this.#isGreeted) throw new GuestFault('hello-twice', 'Context.hello came a second time.');
    if (major !== PROTOCOL_MAJOR) {
      throw new GuestFault('protocol-version', `The guest speaks protocol ${major}.${minor}, the host ${PROTOCOL_MAJOR}.${PROTOCOL_MINOR}: the major versions differ.`);
    }
    const level = negotiateFeatureLevel(featureLevel, FEATURE_LEVEL);
    if (level === null) {
      throw new GuestFault('feature-level', `The guest has feature level ${formatFeatureLevel(featureLevel)}, the least that the host serves is ${formatFeatureLevel(FEATURE_LEVEL_MIN)}.`);
    }
    this.#isGreeted = true;
    this.#context.featureLevel = level;
    this.#welcome(Math.min(minor, PROTOCOL_MINOR));
  }

  #welcome(minor: number): void {
    const { backend, replies, videoMemory, featureLevel } = this.#context;
    replies.welcome(
      { major: PROTOCOL_MAJOR, minor, featureLevel },
      {
        wgslLanguageFeatures: [...backend.gpu.wgslLanguageFeatures.keys()].sort(),
        preferredCanvasFormat: backend.gpu.getPreferredCanvasFormat(),
        backend: backend.name,
        versions: { backend: backend.version, protocol: `${PROTOCOL_MAJOR}.${PROTOCOL_MINOR}` },
        limits: publicLimits(this.#limits),
        // Infinity is null in JSON: no budget.
        vramBytes: videoMemory.limitBytes,
        escapes: this.#escapes.openNames,
      },
    );
  }

  /** The one place where a GuestFault ends. What else arrives here is a bug of ours. */
  #fail(error: unknown): void {
    if (this.#context.isEnded) return;
    if (error instanceof GuestFault) {
      this.#slot?.faulted();
      this.#sayLost(error.code, error.message);
      this.#end({ type: 'fault', code: error.code, message: error.message });
    } else {
      this.#sayLost(BUG_CODE, 'The host has ended the context because of an error of its own.');
      this.#end({ type: 'bug', error });
    }
  }

  #sayLost(code: string, message: string): void {
    try {
      this.#context.replies.contextLost(code, message);
    } catch (error) {
      // A guest that does not read its replies misses this one too.
      if (!(error instanceof GuestFault)) throw error;
    }
  }

  #end(end: ProcessorEnd): void {
    if (this.#context.isEnded) return;
    this.#context.isEnded = true;
    this.#context.gate.end();
    this.#link.pause();
    this.#report(end);
  }
}

export interface ProcessorStatistics {
  readonly handleCount: number;
  readonly recordCount: number;
  readonly deviceCount: number;
  readonly vramBytes: number;
  readonly hostBytes: number;
  readonly journalBytes: number;
  readonly mappedBytes: number;
  readonly pendingRequestCount: number;
  readonly submitSerial: number;
}

/** What a guest driver needs to know to stay within bounds. */
function publicLimits({ objectCountMax, shaderBytesMax, labelBytesMax, inlineDataBytesMax }: VfLimits): Record<string, number> {
  return { objectCountMax, shaderBytesMax, labelBytesMax, inlineDataBytesMax };
}
