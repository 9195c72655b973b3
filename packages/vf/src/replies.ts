import { GuestFault } from '@gpup/base';
import type { HostLink } from '@gpup/bus';
import type { HostMemory } from '@gpup/vidmm';
import { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import type { GPUDeviceLostReason, GPUErrorFilter } from '@gpup/wire/enums';
import type { ScopeResult } from './error-scopes.ts';
import { REQUEST_BYTES } from './host-cost.ts';

/** Everything that a VF tells its guest. Counts the requests that wait for an answer. */
export class Replies {
  readonly #link: HostLink;
  readonly #pendingCountMax: number;
  readonly #hostMemory: HostMemory;
  readonly #writer = new Writer();
  #pendingCount = 0;
  /** While the journal is played back nobody waits for an answer. */
  isMuted = false;
  /** Called when the last request has been answered. */
  onIdle: () => void = () => {};

  constructor(link: HostLink, pendingCountMax: number, hostMemory: HostMemory) {
    this.#link = link;
    this.#pendingCountMax = pendingCountMax;
    this.#hostMemory = hostMemory;
  }

  get pendingCount(): number {
    return this.#pendingCount;
  }

  /** A request that one of the answers below is going to settle. */
  expect(): void {
    if (this.#pendingCount >= this.#pendingCountMax) {
      throw new GuestFault('pending-requests', `The context waits for ${this.#pendingCount} replies, the limit.`);
    }
    this.#hostMemory.charge(REQUEST_BYTES);
    this.#pendingCount++;
  }

  #settled(): void {
    this.#hostMemory.release(REQUEST_BYTES);
    this.#pendingCount--;
  }

  done(request: number): void {
    this.#settled();
    encode.encodeReplyDone(this.#writer, request);
    this.#send();
  }

  json(request: number, value: unknown): void {
    this.#settled();
    encode.encodeReplyJson(this.#writer, request, JSON.stringify(value));
    this.#send();
  }

  error(request: number, error: { readonly name: string; readonly reason?: string; readonly message: string }): void {
    this.#settled();
    encode.encodeReplyError(this.#writer, request, error.name, error.reason ?? '', error.message);
    this.#send();
  }

  scope(request: number, result: ScopeResult): void {
    this.#settled();
    encode.encodeReplyScope(this.#writer, request, result?.filter ?? null, result?.message ?? '');
    this.#send();
  }

  /** `bytes` are copied into the reply. */
  data(request: number, bytes: Uint8Array): void {
    this.#settled();
    encode.encodeReplyData(this.#writer, request, bytes);
    this.#send();
  }

  /** `words` are copied into the reply. */
  escape(request: number, words: Uint32Array): void {
    this.#settled();
    encode.encodeReplyEscape(this.#writer, request, words);
    this.#send();
  }

  welcome(version: { readonly major: number; readonly minor: number; readonly featureLevel: number }, value: unknown): void {
    encode.encodeEventWelcome(this.#writer, version.major, version.minor, version.featureLevel, JSON.stringify(value));
    this.#send();
  }

  deviceLost(device: number, reason: GPUDeviceLostReason, message: string): void {
    encode.encodeEventDeviceLost(this.#writer, device, reason, message);
    this.#send();
  }

  uncapturedError(device: number, filter: GPUErrorFilter, message: string): void {
    encode.encodeEventUncapturedError(this.#writer, device, filter, message);
    this.#send();
  }

  contextLost(code: string, message: string): void {
    encode.encodeEventContextLost(this.#writer, code, message);
    this.#send();
  }

  #send(): void {
    const { words, length } = this.#writer;
    this.#writer.reset();
    if (!this.isMuted) this.#link.send(words, 0, length);
    if (this.#pendingCount === 0) this.onIdle();
  }
}
