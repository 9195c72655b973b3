import type { Socket } from 'node:net';
import { networkOf } from './network.ts';

/**
 * Connections over TCP that have shown no token yet, by the network that they come from: none of these can hold all of the
 * places that there are. One that has shown a token counts no more.
 */
export class Strangers {
  readonly #countMax: number;
  readonly #counts = new Map<string, number>();
  readonly #networks = new WeakMap<Socket, string>();

  /** `countMax`: of one network. */
  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  /** Counts a connection until it is known or closed. False: there are too many from there, and it is not to be kept. */
  admit(socket: Socket): boolean {
    const network = networkOf(socket.remoteAddress ?? 'gone');
    const count = this.#counts.get(network) ?? 0;
    if (count >= this.#countMax) return false;
    this.#counts.set(network, count + 1);
    this.#networks.set(socket, network);
    socket.once('close', () => this.known(socket));
    return true;
  }

  /** It has shown a token, or is gone. */
  known(socket: Socket): void {
    const network = this.#networks.get(socket);
    if (network === undefined) return;
    this.#networks.delete(socket);
    const left = (this.#counts.get(network) ?? 0) - 1;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }
}
