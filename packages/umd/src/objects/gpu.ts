/** navigator.gpu: opens a context on first need, and a new one after the last was lost. */
import * as encode from '@gpup/wire/encode';
import { IDL_HASH } from '@gpup/wire/numbers';
import { FEATURE_LEVEL, PROTOCOL_MAJOR, PROTOCOL_MINOR, Reader } from '@gpup/wire';
import type { GuestLink } from '@gpup/bus';
import { Context, type Greeting, type Platform, type ReplayPolicy, type WelcomeInfo } from '../context.ts';
import { makeException } from '../errors.ts';
import { EscapeError } from '../escape-error.ts';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { HandleAllocator } from '../handle-allocator.ts';
import { Adapter, type AdapterJson } from './adapter.ts';
import { NameSet } from './name-set.ts';

export interface GpuOptions {
  readonly platform: Platform;
  /** Opens a link to a new VF. Rejects with a message for the user when there is no host. */
  connect(): Promise<GuestLink>;
  /** The same, blocking: for attributes that a program reads before it has asked for an adapter. Null where the platform cannot. */
  connectNow(): GuestLink | null;
  /** Default: 'adaptive'. */
  readonly replayPolicy?: ReplayPolicy | undefined;
  /** Default: those of the process. */
  readonly handles?: HandleAllocator;
  /** Called at the first submit of each context. */
  readonly firstSubmitted?: () => void;
}

/** An escape as it crosses. */
export interface EscapeCall {
  readonly number: number;
  readonly version: number;
  readonly words: Uint32Array;
}

/**
 * Shared by all contexts of the process, so that an object of one, alive or lost, never names an object
 * of another: the host finds nothing under its handle and says so.
 */
const HANDLES = new HandleAllocator();

export class Gpu implements I.GPUImpl {
  wrapper: object | undefined = undefined;
  readonly #options: GpuOptions;
  #context: Context | null = null;
  #opening: Promise<Context> | null = null;
  #welcome: WelcomeInfo | null = null;
  #languageFeatures: NameSet | null = null;

  constructor(options: GpuOptions) {
    this.#options = options;
  }

  async requestAdapter(options: T.GPURequestAdapterOptions): Promise<Adapter | null> {
    const context = await this.#open();
    return new Promise((resolve, reject) => {
      const handle = context.allocateHandle();
      const request = context.request({
        json: (text) => {
          const { adapter } = JSON.parse(text) as { adapter: AdapterJson | null };
          resolve(adapter === null ? null : new Adapter(context, handle, adapter));
        },
        error: (name, reason, message) => reject(makeException(name, reason, message)),
        lost: () => resolve(null),
      });
      encode.encodeGPURequestAdapter(context.out, request, handle, options);
      context.sent(request);
    });
  }

  /** What the host's platform presents fastest; without a context the answer is the common one. */
  getPreferredCanvasFormat(): T.GPUTextureFormat {
    return (this.#welcome?.preferredCanvasFormat ?? 'bgra8unorm') as T.GPUTextureFormat;
  }

  get wgslLanguageFeatures(): NameSet {
    if (this.#languageFeatures === null) {
      if (this.#welcome === null) this.#openNow();
      // Not kept while unknown: where nothing can block they come with the first adapter.
      if (this.#welcome === null) return new NameSet([]);
      this.#languageFeatures = new NameSet(this.#welcome.wgslLanguageFeatures);
    }
    return this.#languageFeatures;
  }

  /** What the host has said of itself; opens a context on first need. */
  async greeting(): Promise<Greeting> {
    const context = await this.#open();
    return context.greeted();
  }

  async escape<Reply>({ number, version, words }: EscapeCall, decode: (reader: Reader) => Reply): Promise<Reply> {
    const context = await this.#open();
    return new Promise((resolve, reject) => {
      const request = context.request({
        escape: (answer) => {
          const reader = new Reader();
          reader.open(answer, 0, answer.length);
          resolve(decode(reader));
        },
        error: (_name, reason, message) => reject(new EscapeError(reason, message)),
        lost: (message) => reject(new EscapeError('context-lost', message)),
      });
      encode.encodeContextEscape(context.out, request, number, version, words);
      context.sent(request);
    });
  }

  async #open(): Promise<Context> {
    if (this.#context !== null) return this.#context;
    this.#opening ??= this.#options.connect().then(
      (link) => {
        this.#opening = null;
        return this.#context ?? this.#begin(link);
      },
      (error: unknown) => {
        this.#opening = null;
        throw error;
      },
    );
    return this.#opening;
  }

  #openNow(): void {
    if (this.#context === null) {
      const link = this.#options.connectNow();
      if (link === null) return;
      this.#begin(link);
    }
    this.#context?.link.poll();
    while (this.#welcome === null && this.#context !== null && this.#context.link.waitForHost(WELCOME_STEP_MS)) {
      this.#context.link.poll();
    }
  }

  #begin(link: GuestLink): Context {
    const context: Context = new Context({
      link,
      platform: this.#options.platform,
      handles: this.#options.handles ?? HANDLES,
      firstSubmitted: this.#options.firstSubmitted,
      replayPolicy: this.#options.replayPolicy,
      onWelcome: (info) => {
        this.#welcome = info;
      },
      onLost: () => {
        if (this.#context === context) this.#context = null;
      },
    });
    this.#context = context;
    encode.encodeContextHello(context.out, PROTOCOL_MAJOR, PROTOCOL_MINOR, FEATURE_LEVEL, IDL_HASH);
    context.flush();
    return context;
  }

  /** Ends the current context, as the end of the process would. */
  close(): void {
    this.#context?.lose('The context was closed by the program.');
  }
}

/** One wait for the welcome; the VF answers the first packet as soon as it has opened its adapter. */
const WELCOME_STEP_MS = 10_000;
