import type { Socket } from 'node:net';
import { descriptorOf } from '@gpup/os';
import { LineBuffer } from '@gpup/os/line-buffer';
import type { AllocationEntry, VfLine } from './control-line.ts';
import { ALLOCATION_COUNT_MAX } from './control-line.ts';
import { HOST_REQUEST_BYTES_MAX, type HostRequest, type Turn, decodeHostRequest } from './host-request.ts';
import { sayTo } from './report.ts';

/** What a host can ask of a VF. */
export interface HostAnswers {
  /** The largest ones first. */
  allocations(countMax: number): readonly AllocationEntry[];
  openEscapes(names: readonly string[]): void;
  grantTurn(turn: Turn): void;
  freeTurn(): void;
  /** The descriptor that a host's lines come by from now on; null: there is no host. */
  hostChanged(fd: number | null): void;
  end(code: string, message: string): never;
}

export interface HostConnectionOptions {
  /** Owned by the connection; nobody else writes to it. */
  readonly socket: Socket;
  readonly answers: HostAnswers;
  readonly onRequest: () => void;
  /** Called once, when the host has closed its end, or was cut off for not keeping to the protocol. */
  readonly onGone: () => void;
}

/** This VF's end of the connection to one host process, from its assignment or adoption on. */
export class HostConnection {
  readonly #options: HostConnectionOptions;
  readonly #lines = new LineBuffer(HOST_REQUEST_BYTES_MAX);

  constructor(options: HostConnectionOptions) {
    this.#options = options;
    const { socket, answers, onGone } = options;
    socket.on('error', () => {});
    socket.on('close', () => {
      answers.hostChanged(null);
      onGone();
    });
    socket.on('data', (chunk) => this.#take(chunk as Buffer));
    socket.resume();
  }

  /** Once it is known where what this VF says is to go. */
  begin(): void {
    const { socket, answers } = this.#options;
    answers.hostChanged(descriptorOf(socket));
  }

  /** False: nobody has heard it. A host that does not read is cut off: half a line would be all that it ever gets. */
  say(line: VfLine): boolean {
    const fd = descriptorOf(this.#options.socket);
    if (fd === null) return false;
    if (sayTo(fd, line)) return true;
    this.#options.socket.destroy();
    return false;
  }

  #take(chunk: Buffer): void {
    this.#lines.push(chunk);
    for (let next = this.#lines.next(); next !== null; next = this.#lines.next()) {
      if (next === 'too-long') return void this.#options.socket.destroy();
      const request = decodeHostRequest(next.line);
      // Passed over: this VF may have been started by an older build than its host is of now.
      if (request !== undefined) this.#answer(request);
    }
  }

  #answer(request: HostRequest): void {
    const { answers, onRequest } = this.#options;
    onRequest();
    switch (request.type) {
      case 'ping':
        return void this.say({ type: 'pong', serial: request.serial });
      case 'allocations': {
        const allocations = answers.allocations(Math.min(request.countMax, ALLOCATION_COUNT_MAX));
        return void this.say({ type: 'allocations', request: request.request, allocations });
      }
      case 'escapes':
        return answers.openEscapes(request.names);
      case 'turn':
        return answers.grantTurn(request);
      case 'turn-free':
        return answers.freeTurn();
      case 'end':
        return answers.end(request.code, request.message);
    }
  }
}
