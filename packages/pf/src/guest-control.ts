import type { Socket } from 'node:net';
import { SystemCallError, closeDescriptor, descriptorOf, duplicateDescriptor, receiveNow, sendNow } from '@gpup/os';
import { type HostLine, encodeHostLine } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';

export interface GuestControlListener {
  /** The guest has written something, which it may not. */
  readonly onBytes: () => void;
  /** The guest has closed its end. */
  readonly onGone: () => void;
}

/**
 * The host's end of a guest's control connection. A VF that outlives its host gets a copy, which is the same open file:
 * one that was taken over can make it blocking and take away what there is to read, so that a plain read or write, such as
 * Node's streams make, would hold the host's thread. So from the moment that there may be a copy, nothing is done here
 * that could wait, and nothing is believed of what is readable: it is looked at a few times a second.
 */
export class GuestControl {
  readonly #listener: GuestControlListener;
  #socket: Socket | null = null;
  #fd: number | null = null;
  #timer: NodeJS.Timeout | undefined;

  private constructor(listener: GuestControlListener) {
    this.#listener = listener;
  }

  /** Takes over the socket, of which nobody has a copy. */
  static ofSocket(socket: Socket, listener: GuestControlListener): GuestControl {
    const control = new GuestControl(listener);
    control.#socket = socket;
    socket.on('error', () => {});
    socket.on('data', listener.onBytes);
    socket.on('close', listener.onGone);
    return control;
  }

  /** Takes over a descriptor that a VF has as well. */
  static ofShared(fd: number, listener: GuestControlListener): GuestControl {
    const control = new GuestControl(listener);
    control.#watch(fd);
    return control;
  }

  /** From here on others may have copies. Null: the guest is gone. */
  share(): number | null {
    const socket = this.#socket;
    if (socket === null) return this.#fd;
    const fd = descriptorOf(socket);
    if (fd === null) return null;
    this.#watch(duplicateDescriptor(fd));
    this.#socket = null;
    socket.removeAllListeners('data');
    socket.removeAllListeners('close');
    // The connection goes on with the duplicate.
    socket.destroy();
    return this.#fd;
  }

  /** For one that passes it on without giving it away for good. Null: the guest is gone. */
  get fd(): number | null {
    return this.#socket === null ? this.#fd : descriptorOf(this.#socket);
  }

  /** A guest that has no room for so few bytes misses them. */
  tell(line: HostLine): void {
    const { fd } = this;
    if (fd !== null && this.#socket?.writable !== false) sendNow(fd, Buffer.from(encodeHostLine(line)));
  }

  end(): void {
    clearInterval(this.#timer);
    this.#socket?.destroySoon();
    if (this.#fd !== null) closeDescriptor(this.#fd);
    this.#fd = null;
  }

  #watch(fd: number): void {
    this.#fd = fd;
    this.#timer = setInterval(() => this.#look(), PF_LIMITS.guestLookMs);
  }

  #look(): void {
    if (this.#fd === null) return;
    const received = lookAt(this.#fd);
    if (received === 'gone') this.#listener.onGone();
    else if (received > 0) this.#listener.onBytes();
  }
}

/** What a VF has handed over may be no connection at all: one that listens, say. */
function lookAt(fd: number): number | 'gone' {
  try {
    return receiveNow(fd, scratch);
  } catch (error) {
    if (error instanceof SystemCallError) return 'gone';
    throw error;
  }
}

/** One byte more than none is too much already. */
const scratch = new Uint8Array(64);
