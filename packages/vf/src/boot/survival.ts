import { type Server, Socket, createServer } from 'node:net';
import { SystemCallError, bindUnixSocket, descriptorOf, endProcessAfter, outliveParent, peerCredentials, processStartTicks, sendDescriptors, sendNow } from '@gpup/os';
import { ADOPTION_PROTOCOL, type AdoptionHello, encodeHello } from './adoption.ts';
import type { VfSurvival } from './assignment.ts';
import { VF_CONTROL_FD } from './config.ts';
import type { VfLine } from './control-line.ts';
import { type HostAnswers, HostConnection } from './host-connection.ts';
import { vfSurvivalStep } from './steps.ts';

/** What a VF that will survive has before it is confined: then it could neither make a socket nor look itself up. */
export interface SurvivalMeans {
  /** Has its name; nobody listens yet. */
  readonly socketFd: number;
  /** Of this process, in clock ticks since boot. */
  readonly startTicks: number;
}

export function prepareSurvival(socketPath: string): SurvivalMeans {
  return { socketFd: bindUnixSocket(socketPath), startTicks: processStartTicks(process.pid) ?? 0 };
}

export interface SurvivalOptions {
  readonly survival: VfSurvival;
  readonly means: SurvivalMeans;
  /** A copy of the guest's control connection, kept open for the next host: while it is, the guest sees no end. */
  readonly guestControlFd: number;
  /** The partition's page, kept for the next host. */
  readonly page: { readonly fd: number; readonly slotIndex: number } | null;
  readonly answers: HostAnswers;
}

/**
 * What lets a VF outlive the host process that started it. Invariants:
 *   - It listens for a next host before it takes back that it dies with this one.
 *   - One host at a time: who connects while there is one waits, and gets its hello when that one is gone. Of
 *     several that wait, the last to come stays.
 *   - Without a host, the guest is told itself what a host would tell it; after `orphanMsMax` the VF ends. The kernel
 *     ends it a while later if its thread is inside of a call that does not return: each sign of a host puts that off.
 */
export class Survival {
  readonly #options: SurvivalOptions;
  readonly #server: Server;
  #host: HostConnection | null = null;
  #waiting: Socket | null = null;
  #orphanTimer: NodeJS.Timeout | undefined;
  #isReady = false;

  constructor(options: SurvivalOptions) {
    this.#options = options;
    // Paused: a host writes nothing before its hello, and then to the descriptor's next owner.
    this.#server = createServer({ pauseOnConnect: true }, (socket) => this.#accept(socket));
  }

  /** From here on the host's end is not this process's. */
  begin(): void {
    this.#listen();
    this.#seat(ownHost());
    this.#putOffEnd();
    outliveParent();
  }

  #putOffEnd(): void {
    endProcessAfter(this.#options.survival.orphanMsMax + KERNEL_GRACE_MS);
  }

  /** What this VF has to say goes to its host, or to the guest while there is none. */
  hear(line: VfLine): void {
    if (line.type === 'ready') this.#isReady = true;
    if (this.#host?.say(line) !== true) this.#tellGuest(line);
  }

  #listen(): void {
    const { answers, means } = this.#options;
    this.#server.on('error', (error) => answers.end('vf-start', `The VF process cannot listen for a next host: ${error.message}.`));
    this.#server.listen({ fd: means.socketFd });
  }

  #accept(socket: Socket): void {
    socket.on('error', () => {});
    const fd = descriptorOf(socket);
    if (fd === null || peerCredentials(fd).uid !== process.getuid?.()) return void socket.destroy();
    this.#waiting?.destroy();
    this.#waiting = socket;
    if (this.#host === null) this.#welcomeWaiting();
  }

  #welcomeWaiting(): void {
    const socket = this.#waiting;
    this.#waiting = null;
    if (socket === null || !this.#greet(socket)) return this.#orphaned();
    this.#seat(socket);
    vfSurvivalStep('vf.adopted');
  }

  /** False: it is gone already. */
  #greet(socket: Socket): boolean {
    const fd = descriptorOf(socket);
    if (fd === null) return false;
    const { guestControlFd, page } = this.#options;
    try {
      // Far less than a socket's buffer, and the first thing in it: this does not wait.
      sendDescriptors(fd, encodeHello(this.#hello()), page === null ? [guestControlFd] : [guestControlFd, page.fd]);
      return true;
    } catch (error) {
      if (!(error instanceof SystemCallError)) throw error;
      socket.destroy();
      return false;
    }
  }

  #hello(): AdoptionHello {
    const { survival, page, means } = this.#options;
    return {
      type: 'hello',
      protocol: ADOPTION_PROTOCOL,
      vfId: survival.vfId,
      pid: process.pid,
      startTicks: means.startTicks,
      isReady: this.#isReady,
      context: survival.context,
      page: page === null ? null : { slotIndex: page.slotIndex },
    };
  }

  #seat(socket: Socket): void {
    clearTimeout(this.#orphanTimer);
    const onGone = (): void => {
      this.#host = null;
      this.#welcomeWaiting();
    };
    this.#host = new HostConnection({ socket, answers: this.#options.answers, onRequest: () => this.#putOffEnd(), onGone });
    this.#host.begin();
  }

  #orphaned(): void {
    const { answers, survival } = this.#options;
    vfSurvivalStep('vf.orphaned');
    clearTimeout(this.#orphanTimer);
    this.#orphanTimer = setTimeout(
      () => answers.end('host-gone', `No host process has taken the VF over within ${survival.orphanMsMax} ms of the end of its own.`),
      survival.orphanMsMax,
    );
  }

  /** Never waits: a guest that does not read its control connection has no reason to complain. */
  #tellGuest(line: VfLine): void {
    const told = line.type === 'fault' ? { ...line, type: 'lost' } : line.type === 'ready' ? line : undefined;
    if (told !== undefined) sendNow(this.#options.guestControlFd, Buffer.from(`${JSON.stringify(told)}\n`));
  }
}

/** A host asks a VF for a sign of life a few times a second; one that is stopped for so long loses it. */
const KERNEL_GRACE_MS = 60_000;

/** The connection to the host that started this process. */
function ownHost(): Socket {
  return new Socket({ fd: VF_CONTROL_FD, readable: true, writable: false });
}
