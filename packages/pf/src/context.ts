import { randomBytes, timingSafeEqual } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import { descriptorOf } from '@gpup/os';
import { type ContextDescription, type LatencyClass, type SchedulingLine, type Transport, type TurnLine, createCaptureFile } from '@gpup/vf/boot';
import { AdoptedVf, type Adoption } from './adopted-vf.ts';
import { PROTOCOL, type Reason, TOKEN_BYTES } from './control-protocol.ts';
import type { Grant } from './grant.ts';
import { GuestControl } from './guest-control.ts';
import { PF_LIMITS } from './limits.ts';
import { pfStep } from './steps.ts';
import type { VfGroups } from './vf-group.ts';
import type { VfPool } from './vf-pool.ts';
import type { Vf, VfOwner } from './vf.ts';

export interface ContextOptions {
  readonly description: ContextDescription;
  /** Owned by the context. Its end is the guest's end. A number: a VF has a copy of it. */
  readonly control: Socket | number;
  readonly grant: Grant;
  /** Once, unless it is taken over: it has a VF, which hears of turns before it hears of its guest. */
  readonly onAssigned?: (context: Context) => void;
  /** Once: commands of the guest are executed from now on, and its VF can be given turns. */
  readonly onReady?: (context: Context) => void;
  /** What its VF says of the turn that it was given last. */
  readonly onTurn?: (context: Context, line: TurnLine) => void;
  /** The guest's latency class has changed. */
  readonly onLatencyClass?: (context: Context) => void;
  /** Called once, when the VF process, if there was one, has ended: nothing is left of the context. */
  readonly onEnded: (context: Context, reason: Reason) => void;
}

export type ContextState = 'opened' | 'attached' | 'ready' | 'ended';

/**
 * One guest process's GPU: a control connection and a VF process. Whichever ends first takes the other
 * along. States: opened (a token is out) -> attached (a VF process has the guest's data connection) -> ready -> ended.
 * One that is taken over from another host process begins as attached.
 */
export class Context {
  readonly description: ContextDescription;
  readonly #options: ContextOptions;
  readonly #control: GuestControl;
  #state: ContextState = 'opened';
  #vf: Vf | undefined;
  #slotIndex: number | null = null;
  #latencyClass: LatencyClass = 'throughput';
  #token: string | undefined;
  #attachTimer: NodeJS.Timeout | undefined;
  /** The first cause that is known. */
  #reason: Reason | undefined;

  constructor(options: ContextOptions) {
    this.description = options.description;
    this.#options = options;
    const { control } = options;
    const listener = {
      onBytes: () => this.end({ code: 'bad-line', message: 'A guest may write nothing on its control connection after "open".' }),
      onGone: () => {
        pfStep('pf.guest-gone');
        this.end({ code: 'guest-gone', message: 'The guest closed its control connection.' });
      },
    };
    this.#control = typeof control === 'number' ? GuestControl.ofShared(control, listener) : GuestControl.ofSocket(control, listener);
  }

  get id(): number {
    return this.description.contextId;
  }

  get state(): ContextState {
    return this.#state;
  }

  get vf(): Vf | undefined {
    return this.#vf;
  }

  /** Its place in the partition's page, once it has a VF process. */
  get slotIndex(): number | null {
    return this.#slotIndex;
  }

  /** As the guest says. */
  get latencyClass(): LatencyClass {
    return this.#latencyClass;
  }

  /** Gives the guest the token that its data connection has to present. */
  open(): void {
    this.#token = randomBytes(TOKEN_BYTES).toString('hex');
    this.#attachTimer = setTimeout(
      () => this.end({ code: 'attach-timeout', message: `No data connection came within ${PF_LIMITS.attachMsMax} ms.` }),
      PF_LIMITS.attachMsMax,
    );
    this.#control.tell({ type: 'opened', protocol: PROTOCOL, context: this.id, token: this.#token });
    pfStep('pf.opened');
  }

  /** Takes over the VF process of a host process before. */
  adopt(adoption: Adoption, groups: VfGroups | null): void {
    this.#state = 'attached';
    this.#slotIndex = adoption.hello.page?.slotIndex ?? null;
    this.#vf = new AdoptedVf(adoption, this.#owner(), groups);
    this.#vf.limitMemory(this.#options.grant.memoryBytesMax());
    // Said once more rather than never: the host before may have died just then. A guest that knows passes over it.
    if (adoption.hello.isReady) this.#vfReady();
  }

  /** Whether this is the token that this context waits for. Takes the same time wherever the two differ. */
  expects(token: string): boolean {
    const expected = this.#token ?? NO_TOKEN;
    const isEqual = timingSafeEqual(Buffer.from(token, 'hex'), Buffer.from(expected, 'hex'));
    return isEqual && this.#token !== undefined && this.#state === 'opened';
  }

  /** Hands the guest's data connection to a VF process. Takes ownership of it. */
  attach(data: Socket, transport: Transport, pool: VfPool): void {
    this.#state = 'attached';
    clearTimeout(this.#attachTimer);
    pfStep('pf.attached');
    try {
      this.#handOver(data, transport, pool);
    } catch (error) {
      this.end({ code: 'vf-start', message: `The VF process does not start: ${(error as Error).message}.` });
    } finally {
      // Closes our descriptor; the connection itself lives on in the VF.
      data.destroy();
    }
    pfStep('pf.handed-over');
  }

  #handOver(data: Socket, transport: Transport, pool: VfPool): void {
    const dataFd = descriptorOf(data);
    const guestControlFd = pool.keepsGuests ? this.#control.share() : this.#control.fd;
    if (dataFd === null || guestControlFd === null) return this.end({ code: 'guest-gone', message: 'The guest closed its data connection.' });
    const { grant } = this.#options;
    const { capturePath, ...settings } = grant.assignment();
    const captureFd = capturePath === null ? null : createCaptureFile(capturePath);
    const task = { assignment: { ...settings, transport }, captureFd, dataFd, guestControlFd, context: this.description, memoryBytesMax: grant.memoryBytesMax() };
    const owner = this.#owner();
    try {
      this.#vf = pool.take((vf) => {
        const page = grant.place(vf.pid);
        this.#slotIndex = page?.slotIndex ?? null;
        return vf.assign({ ...task, page }, owner);
      });
    } finally {
      if (captureFd !== null) closeSync(captureFd);
    }
    if (this.#vf === undefined) return this.end({ code: 'vf-start', message: 'The VF process does not start.' });
    this.#options.onAssigned?.(this);
  }

  #owner(): VfOwner {
    return {
      onReady: () => {
        pfStep('pf.vf-ready');
        this.#vfReady();
      },
      onScheduling: (line) => this.#scheduling(line),
      onEnded: (reason) => this.#vfEnded(reason),
    };
  }

  #vfReady(): void {
    if (this.#state !== 'attached') return;
    this.#state = 'ready';
    this.#control.tell({ type: 'ready' });
    this.#options.onReady?.(this);
  }

  #scheduling(line: SchedulingLine): void {
    if (this.#state === 'ended') return;
    if (line.type !== 'latency-class') return this.#options.onTurn?.(this, line);
    this.#latencyClass = line.value;
    this.#options.onLatencyClass?.(this);
  }

  /** Ends the context, and tells the guest why. `onEnded` follows once its VF process has ended. */
  end(reason: Reason, details: { readonly guiltyDevice?: number } = {}): void {
    if (this.#state === 'ended') return;
    this.#state = 'ended';
    this.#reason = reason;
    clearTimeout(this.#attachTimer);
    this.#control.tell({ type: 'lost', ...reason, ...details });
    this.#control.end();
    if (this.#vf === undefined) this.#gone(reason);
    else this.#vf.kill(reason);
  }

  #vfEnded(reason: Reason): void {
    pfStep('pf.vf-gone');
    this.#vf = undefined;
    if (this.#state !== 'ended') this.end(reason);
    else this.#gone(this.#reason ?? reason);
  }

  #gone(reason: Reason): void {
    this.#options.grant.release();
    this.#options.onEnded(this, reason);
  }
}

const NO_TOKEN = '00'.repeat(TOKEN_BYTES);
