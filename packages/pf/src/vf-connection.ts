import type { Socket } from 'node:net';
import { monotonicUs } from '@gpup/os';
import { LineBuffer } from '@gpup/os/line-buffer';
import { type AllocationEntry, type HostRequest, type SchedulingLine, type Turn, VF_LINE_BYTES_MAX, type VfLine, decodeVfLine, encodeHostRequest, knownEscapes } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { SchedulingRate } from './scheduling-rate.ts';
import { writeLine } from './write-line.ts';

export interface VfConnectionOptions {
  readonly socket: Socket;
  readonly onLine: (line: Extract<VfLine, { type: 'warm' | 'ready' | 'fault' }>) => void;
  readonly onScheduling: (line: SchedulingLine) => void;
  /** The VF goes on without some measures of isolation. */
  readonly onUnconfined?: (lacking: string) => void;
  /** The VF wrote what is no line, or too many of them; nothing more is read. */
  readonly onBadLine: (reason: Reason) => void;
}

type TurnRequest = Extract<HostRequest, { type: 'turn' | 'turn-free' }>;

/**
 * The host's end of a VF's control connection. A VF holds a guest's work and may have been taken over by it, so
 * its lines are checked like a guest's; an answer that nobody has asked for is passed over. At most one ping and
 * one request are on their way, and one turn besides those that the kernel has taken: a VF that does not read costs nothing more.
 */
export class VfConnection {
  readonly #options: VfConnectionOptions;
  readonly #lines = new LineBuffer(VF_LINE_BYTES_MAX);
  #serial = 0;
  #ping: { readonly serial: number; readonly sentMs: number } | null = null;
  #answeredMs = 0;
  #request: { readonly id: number; readonly settle: (allocations: readonly AllocationEntry[] | null) => void } | null = null;

  readonly #rate = new SchedulingRate();
  #isTurnBeingWritten = false;
  /** The newest one, while an earlier one waits for the VF to read. */
  #nextTurn: TurnRequest | null = null;
  /** What the VF says of others is passed over. */
  #turnSerial: number | null = null;

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

  grantTurn({ serial, untilUs, yields }: Turn): void {
    this.#turnSerial = serial;
    this.#sendTurn({ type: 'turn', serial, untilUs: Math.floor(untilUs), yields });
  }

  freeTurn(): void {
    this.#turnSerial = null;
    this.#sendTurn({ type: 'turn-free' });
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
    writeLine(this.#options.socket, encodeHostRequest(request));
  }

  #sendTurn(request: TurnRequest): void {
    if (this.#isTurnBeingWritten) {
      this.#nextTurn = request;
      return;
    }
    if (request.type === 'turn') this.#rate.turnGranted();
    this.#isTurnBeingWritten = !writeLine(this.#options.socket, encodeHostRequest(request), () => this.#turnWritten());
  }

  #turnWritten(): void {
    this.#isTurnBeingWritten = false;
    const next = this.#nextTurn;
    this.#nextTurn = null;
    if (next !== null) this.#sendTurn(next);
  }

  #handle(line: VfLine): void {
    switch (line.type) {
      case 'turn-wanted':
      case 'turn-over':
      case 'turn-idle':
        if (!this.#rate.takeTurn()) return this.#refuse('more lines about turns than it was given turns for');
        if (line.serial === this.#turnSerial) this.#options.onScheduling(line);
        return;
      case 'latency-class':
        if (!this.#rate.takeClass(monotonicUs() / 1000)) return this.#refuse('latency classes faster than it may');
        return this.#options.onScheduling(line);
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
