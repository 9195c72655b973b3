import { Socket } from 'node:net';
import { closeDescriptor, hasProcessEnded, signalProcess } from '@gpup/os';
import { type AdoptionHello, type AllocationEntry, TURNS_MINOR, type Turn, VF_BUG, type VfLine } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { logLine } from './log.ts';
import { VfConnection } from './vf-connection.ts';
import { VfGroupPlace, type VfGroups } from './vf-group.ts';
import { type VfFiles, removeVfFiles, vfFiles, vfLogTail } from './vf-files.ts';
import type { Vf, VfOwner } from './vf.ts';

/** What a VF of the host process before has handed over. Whoever holds it owns the descriptors. */
export interface Adoption {
  readonly hello: AdoptionHello;
  /** The control connection to the VF. */
  readonly connectionFd: number;
  /** Names the process. */
  readonly processFd: number;
  readonly guestControlFd: number;
  readonly pageFd: number | null;
  /** What came after the hello. */
  readonly further: Buffer;
  /** Of the VFs' files. */
  readonly directory: string;
}

/** A moment after it is killed, or its last descriptor closed, a process has ended, unless a driver holds it up. */
const ENDING_LOOK_MS = 5;

/**
 * A VF process that another host process has started. It is nobody's child that could be waited for, so its end
 * shows by its connection, and is certain when its process descriptor says so: a child of its own may hold the
 * connection for longer.
 */
export class AdoptedVf implements Vf {
  readonly id: string;
  readonly pid: number;
  readonly takesTurns: boolean;
  readonly #processFd: number;
  readonly #files: VfFiles;
  readonly #socket: Socket;
  readonly #connection: VfConnection;
  readonly #owner: VfOwner;
  readonly #group: VfGroupPlace | null;
  readonly #startTimer: NodeJS.Timeout;
  #isReady: boolean;
  #reason: Reason | undefined;
  /** Ending: it is killed. Ended: the process descriptor is closed, and its number is anybody's. */
  #state: 'alive' | 'ending' | 'ended' = 'alive';

  /** Takes over the descriptors of the connection and of the process. */
  constructor({ hello, connectionFd, processFd, further, directory }: Adoption, owner: VfOwner, groups: VfGroups | null = null) {
    this.id = hello.vfId;
    this.pid = hello.pid;
    this.takesTurns = hello.protocol.minor >= TURNS_MINOR;
    this.#processFd = processFd;
    this.#files = vfFiles(directory, hello.vfId);
    this.#owner = owner;
    this.#isReady = hello.isReady;
    this.#socket = new Socket({ fd: connectionFd, readable: true, writable: true });
    this.#connection = new VfConnection({
      socket: this.#socket,
      onLine: (line) => this.#handle(line),
      onScheduling: (line) => this.#owner.onScheduling?.(line),
      onBadLine: (reason) => this.kill(reason),
    });
    // A VF closes its connection by ending only: one that lives on has lost its way.
    this.#socket.once('close', () => this.#end());
    this.#startTimer = setTimeout(() => this.#endUnlessReady(), PF_LIMITS.vfStartMsMax);
    const isEnding = (): boolean => this.#state !== 'alive' || hasProcessEnded(processFd);
    this.#group = VfGroupPlace.adopt(groups, { pid: hello.pid, name: hello.vfId, isEnding, kill: (reason) => this.kill(reason) });
    if (further.length > 0) queueMicrotask(() => this.#connection.take(further));
  }

  limitMemory(bytes: number | null): void {
    this.#group?.limitMemory(bytes);
  }

  kill(reason: Reason): void {
    if (this.#state === 'ended') return;
    this.#reason ??= reason;
    this.#end();
  }

  ping(): void {
    this.#connection.ping();
  }

  get pingedMs(): number | null {
    return this.#connection.pingedMs;
  }

  get answeredMs(): number {
    return this.#connection.answeredMs;
  }

  openEscapes(names: readonly string[]): void {
    this.#connection.openEscapes(names);
  }

  grantTurn(turn: Turn): void {
    if (this.takesTurns) this.#connection.grantTurn(turn);
  }

  freeTurn(): void {
    if (this.takesTurns) this.#connection.freeTurn();
  }

  allocations(countMax: number): Promise<readonly AllocationEntry[] | null> {
    return this.#connection.allocations(countMax);
  }

  #handle(line: Extract<VfLine, { type: 'warm' | 'ready' | 'fault' }>): void {
    if (line.type === 'fault') return this.kill({ code: line.code, message: line.message });
    if (line.type !== 'ready' || this.#isReady || this.#reason !== undefined) return;
    this.#isReady = true;
    this.#owner.onReady();
  }

  #endUnlessReady(): void {
    if (!this.#isReady) this.kill({ code: 'vf-start', message: `The VF process was not ready within ${PF_LIMITS.vfStartMsMax} ms of being taken over.` });
  }

  #end(): void {
    if (this.#state !== 'alive') return;
    this.#state = 'ending';
    signalProcess(this.#processFd, 'SIGKILL');
    this.#lookForEnd();
  }

  #lookForEnd(): void {
    if (hasProcessEnded(this.#processFd)) return this.#ended();
    setTimeout(() => this.#lookForEnd(), ENDING_LOOK_MS);
  }

  #reasonOfDeath(): Reason {
    const complaint = this.#group?.complaint ?? null;
    if (complaint === null) return { code: 'vf-died', message: 'The VF process ended unexpectedly.' };
    return { code: 'vf-memory', message: `The VF process was ended by the kernel: ${complaint}.` };
  }

  #ended(): void {
    this.#state = 'ended';
    clearTimeout(this.#startTimer);
    closeDescriptor(this.#processFd);
    this.#socket.destroy();
    const reason = this.#reason ?? this.#reasonOfDeath();
    if (this.#reason === undefined || reason.code === VF_BUG) {
      logLine(`VF process ${this.pid}: ${reason.message} ${vfLogTail(this.#files, PF_LIMITS.vfErrorTailBytes).trim()}`.trim());
    }
    removeVfFiles(this.#files);
    this.#group?.remove();
    this.#owner.onEnded(reason);
  }
}
