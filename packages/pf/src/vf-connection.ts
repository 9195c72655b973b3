import type { Socket } from 'node:net';
import { monotonicUs } from '@gpup/os';
import { LineBuffer } from '@gpup/os/line-buffer';
import { type AllocationEntry, type HostRequest, VF_LINE_BYTES_MAX, type VfLine, decodeVfLine, encodeHostRequest, knownEscapes } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';

export interface VfConnectionOptions {
  readonly socket: Socket;
  readonly onLine: (line: Extract<VfLine, { type: 'warm' | 'ready' | 'fault' }>) => void;
  /** The VF goes on without some measures of isolation. */
  readonly onUnconfined?: (lacking: string) => void;
  /** The VF wrote what is no line; nothing more is read. */
  readonly onBadLine: (reason: Reason) => void;
}

/**
 * The host's end of a VF's control connection. A VF holds a guest's work and may have been taken over by it, so
 * its lines are checked like a guest's; an answer that nobody has asked for is passed over. At most one ping and
 * one request are on their way, so that a VF that does not read costs nothing.
 */
export class VfConnection {
  readonly #options: VfConnectionOptions;
  readonly #lines = new LineBuffer(VF_LINE_BYTES_MAX);
  #serial = 0;
  #ping: { readonly serial: number; readonly sentMs: number } | null = null;
  #answeredMs = 0;
  #request: { readonly id: number; readonly settle: (allocations: readonly AllocationEntry[] | null) => void } | null = null;

  constructor(options: VfConnectionOptions) {
    this.#options = options;
    const { socket } = options;
    socket.on('error', () => {});
    socket.on('data', (chunk) => this.take(chunk as Buffer));
    socket.on('close', () => this.#request?.settle(null));
  }

  /** Bytes of the VF; those that the socket gives come here by themselves. */
  take(chunk: Buffer): void {
    this.#lines.push(chunk);
    for (let next = this.#lines.next(); next !== null; next = this.#lines.next()) {
      if (next === 'too-long') return this.#refuse(`a line of more than ${VF_LINE_BYTES_MAX} bytes`);
      const line = decodeVfLine(next.line);
      if (line === undefined) return this.#refuse('a line that is not of the protocol');
      this.#handle(line);
    }
  }

  ping(): void {
    if (this.#ping !== null) return;
    this.#ping = { serial: ++this.#serial, sentMs: monotonicUs() / 1000 };
    this.#send({ type: 'ping', serial: this.#ping.serial });
  }

  get pingedMs(): number | null {
    return this.#ping?.sentMs ?? null;
  }

  get answeredMs(): number {
    return this.#answeredMs;
  }

  openEscapes(names: readonly string[]): void {
    this.#send({ type: 'escapes', names: knownEscapes(names) });
  }

  allocations(countMax: number): Promise<readonly AllocationEntry[] | null> {
    if (this.#request !== null || !this.#options.socket.writable) return Promise.resolve(null);
    const id = ++this.#serial;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#request?.settle(null), PF_LIMITS.vfAnswerMsMax);
      const settle = (allocations: readonly AllocationEntry[] | null): void => {
        clearTimeout(timer);
        this.#request = null;
        resolve(allocations);
      };
      this.#request = { id, settle };
      this.#send({ type: 'allocations', request: id, countMax });
    });
  }

  #send(request: HostRequest): void {
    if (this.#options.socket.writable) this.#options.socket.write(encodeHostRequest(request));
  }

  #handle(line: VfLine): void {
    switch (line.type) {
      case 'pong':
        if (line.serial !== this.#ping?.serial) return;
        this.#answeredMs = this.#ping.sentMs;
        this.#ping = null;
        return;
      case 'allocations':
        if (line.request === this.#request?.id) this.#request.settle(line.allocations);
        return;
      case 'unconfined':
        return this.#options.onUnconfined?.(line.lacking);
      default:
        this.#options.onLine(line);
    }
  }

  #refuse(what: string): void {
    this.#options.socket.destroy();
    this.#options.onBadLine({ code: 'vf-line', message: `The VF process wrote ${what}.` });
  }
}
