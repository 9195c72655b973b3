import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import { descriptorOf } from '@gpup/os';
import type { VfAssignment } from '@gpup/vf/boot';
import { type HostLine, PROTOCOL, type Reason, TOKEN_BYTES, encodeHostLine } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { pfStep } from './steps.ts';
import type { VfPool } from './vf-pool.ts';
import type { VfOwner, VfProcess } from './vf-process.ts';

export interface ContextOptions {
  readonly id: number;
  /** Owned by the context. Its end is the guest's end. */
  readonly control: Socket;
  readonly assignment: VfAssignment;
  readonly pool: VfPool;
  /** Called once, when the VF process, if there was one, is reaped: nothing is left of the context. */
  readonly onEnded: (context: Context) => void;
}

/**
 * One guest process's GPU: a control connection and a VF process. Whichever ends first takes the other
 * along. States: opened (a token is out) -> attached (a VF process has the guest's data connection) -> ready -> ended.
 */
export class Context {
  readonly id: number;
  readonly #options: ContextOptions;
  readonly #token = randomBytes(TOKEN_BYTES).toString('hex');
  readonly #attachTimer: NodeJS.Timeout;
  #vf: VfProcess | undefined;
  #tokenUsed = false;
  #ended = false;

  constructor(options: ContextOptions) {
    this.id = options.id;
    this.#options = options;
    const { control } = options;
    control.on('data', () => this.end({ code: 'bad-line', message: 'A guest may write nothing on its control connection after "open".' }));
    control.on('close', () => {
      pfStep('pf.guest-gone');
      this.end({ code: 'guest-gone', message: 'The guest closed its control connection.' });
    });
    this.#attachTimer = setTimeout(
      () => this.end({ code: 'attach-timeout', message: `No data connection came within ${PF_LIMITS.attachMsMax} ms.` }),
      PF_LIMITS.attachMsMax,
    );
    this.#tell({ type: 'opened', protocol: PROTOCOL, context: this.id, token: this.#token });
    pfStep('pf.opened');
  }

  /** Whether this is the token that this context waits for. Takes the same time wherever the two differ. */
  expects(token: string): boolean {
    const isEqual = timingSafeEqual(Buffer.from(token, 'hex'), Buffer.from(this.#token, 'hex'));
    return isEqual && !this.#tokenUsed && !this.#ended;
  }

  /** Hands the guest's data connection to a VF process. Takes ownership of it. */
  attach(data: Socket): void {
    this.#tokenUsed = true;
    clearTimeout(this.#attachTimer);
    pfStep('pf.attached');
    try {
      this.#handOver(data);
    } catch (error) {
      this.end({ code: 'vf-start', message: `The VF process does not start: ${(error as Error).message}.` });
    } finally {
      // Closes our descriptor; the connection itself lives on in the VF.
      data.destroy();
    }
    pfStep('pf.handed-over');
  }

  #handOver(data: Socket): void {
    const { assignment, pool } = this.#options;
    const dataFd = descriptorOf(data);
    if (dataFd === null) return this.end({ code: 'guest-gone', message: 'The guest closed its data connection.' });
    const owner: VfOwner = {
      onReady: () => {
        pfStep('pf.vf-ready');
        this.#tell({ type: 'ready' });
      },
      onEnded: (reason) => this.#vfEnded(reason),
    };
    this.#vf = pool.take((vf) => vf.assign(assignment, dataFd, owner));
    if (this.#vf === undefined) this.end({ code: 'vf-start', message: 'The VF process does not start.' });
  }

  /** Ends the context. `onEnded` follows once its VF process is reaped. */
  end(reason: Reason): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#attachTimer);
    this.#tell({ type: 'lost', ...reason });
    this.#options.control.destroySoon();
    if (this.#vf === undefined) this.#options.onEnded(this);
    else this.#vf.kill(reason);
  }

  #vfEnded(reason: Reason): void {
    pfStep('pf.vf-gone');
    this.#vf = undefined;
    if (this.#ended) this.#options.onEnded(this);
    else this.end(reason);
  }

  #tell(line: HostLine): void {
    if (this.#options.control.writable) this.#options.control.write(encodeHostLine(line));
  }
}
