import type { CloseReason, GuestHeap, GuestLink, PacketSink } from '@gpup/bus';
import type { HostLine } from './control-protocol.ts';
import type { LineChannel } from './line-channel.ts';
import { GUEST_LIMITS } from './limits.ts';
import { guestStep } from './steps.ts';

/**
 * A link to a VF together with the control connection, over which the host says why the VF ended. The bare
 * link notices the end first, so it waits a moment for that sentence before it passes the news on.
 */
export class ReasonedLink implements GuestLink {
  onClose: (reason: CloseReason) => void = () => {};
  readonly #link: GuestLink;
  readonly #control: LineChannel;
  #waiting = false;
  #hostReason: HostReason | undefined;
  /** Why the link itself is closed; set once. */
  #linkReason: CloseReason | undefined;
  #timer: NodeJS.Timeout | undefined;
  #delivered = false;

  /** Owns both from now on. */
  constructor(link: GuestLink, control: LineChannel, decode: (text: string) => HostLine | undefined) {
    this.#link = link;
    this.#control = control;
    link.onClose = (reason) => this.#linkClosed(reason);
    control.watch((text) => {
      if (text === null) return this.#hostSpoke({ message: 'The host process is gone.' });
      const line = decode(text);
      // A newer host may say more; what matters is why it ends.
      if (line?.type === 'lost' || line?.type === 'error') this.#hostSpoke(line);
    });
  }

  get heap(): GuestHeap | null {
    return this.#link.heap;
  }
  get packetWordsMax(): number {
    return this.#link.packetWordsMax;
  }
  get onPacket(): PacketSink {
    return this.#link.onPacket;
  }
  set onPacket(sink: PacketSink) {
    this.#link.onPacket = sink;
  }
  send(words: Uint32Array, begin: number, end: number, mayRingLater = false): void {
    this.#link.send(words, begin, end, mayRingLater);
  }
  ringIfDue(): void {
    this.#link.ringIfDue();
  }
  waitForProgress(timeoutMs: number): boolean {
    return this.#link.waitForProgress(timeoutMs);
  }
  waitForHost(timeoutMs: number): boolean {
    return this.#link.waitForHost(timeoutMs);
  }
  poll(): void {
    this.#link.poll();
  }
  completedSerial(): number {
    return this.#link.completedSerial();
  }
  setWaiting(waiting: boolean, isSoon?: boolean): void {
    this.#waiting = waiting;
    this.#link.setWaiting(waiting, isSoon);
    if (this.#linkReason !== undefined) this.#holdProcess();
  }

  close(): void {
    this.#link.close();
    this.#control.close();
  }

  #linkClosed(reason: CloseReason): void {
    this.#linkReason ??= reason;
    if (reason.kind !== 'peer-gone' || this.#hostReason !== undefined) return this.#deliver();
    this.#timer = setTimeout(() => this.#deliver(), GUEST_LIMITS.reasonMsMax);
    this.#holdProcess();
  }

  #hostSpoke(reason: HostReason): void {
    if (this.#hostReason !== undefined) return;
    this.#hostReason = reason;
    this.#control.close();
    // The link may not have noticed: a VF that hangs keeps its end open, and the host kills it only now.
    if (this.#linkReason === undefined) this.#linkReason = { kind: 'peer-gone', message: reason.message };
    this.#deliver();
  }

  #deliver(): void {
    if (this.#delivered) return;
    this.#delivered = true;
    clearTimeout(this.#timer);
    guestStep('guest.lost');
    const reason = this.#linkReason ?? { kind: 'closed' };
    this.close();
    const said = this.#hostReason;
    this.onClose(reason.kind === 'peer-gone' && said !== undefined ? peerGone(said) : reason);
  }

  /** Somebody who waits for a reply waits for the reason as well; nobody else is held up by it. */
  #holdProcess(): void {
    if (this.#timer === undefined) return;
    if (this.#waiting) this.#timer.ref();
    else this.#timer.unref();
    this.#control.setWaiting(this.#waiting);
  }
}

/** Why the VF has ended, in the host's words. */
interface HostReason {
  readonly message: string;
  readonly guiltyDevice?: number;
}

function peerGone({ message, guiltyDevice }: HostReason): CloseReason {
  return { kind: 'peer-gone', message, ...(guiltyDevice === undefined ? {} : { guilty: guiltyDevice }) };
}
