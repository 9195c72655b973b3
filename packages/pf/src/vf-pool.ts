import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { logLine } from './log.ts';
import { pfStep } from './steps.ts';
import type { VfGroups } from './vf-group.ts';
import { type VfLaunch, VfProcess } from './vf-process.ts';

export interface VfPoolOptions {
  readonly launch: VfLaunch;
  /** VF processes that are kept ready for guests to come. */
  readonly size: number;
}

/**
 * VF processes without a guest: Node, Dawn and the driver are loaded, and they wait. Each leaves the pool
 * with its first guest and never comes back. The pool is filled again a while after a guest has come, as
 * the guest's own start is what the processors are needed for then. A VF process that ends in the pool is
 * replaced, at most one a delay that grows as long as none becomes warm; one that cannot be started counts as one
 * that ended.
 */
export class VfPool {
  readonly #options: VfPoolOptions;
  readonly #idle = new Set<VfProcess>();
  #refillDelayMs: number = PF_LIMITS.refillDelayMs;
  #refillTimer: NodeJS.Timeout | undefined;
  #closing = false;
  #onEmpty: () => void = () => {};

  constructor(options: VfPoolOptions) {
    this.#options = options;
  }

  /** Processes that are not wholly gone. */
  get processCount(): number {
    return this.#idle.size;
  }

  /** Its VFs outlive this process, and get a copy of their guest's control connection. */
  get keepsGuests(): boolean {
    return this.#options.launch.survival !== null;
  }

  get groups(): VfGroups | null {
    return this.#options.launch.groups;
  }

  /** Starts VF processes until there are so many, later where they cannot be started now. */
  fill(count: number): void {
    try {
      while (this.#idle.size < count) this.#start();
    } catch (error) {
      // No room on the disk, no descriptors: guests that are there go on, and there may be room again.
      logLine(`A VF process does not start: ${(error as Error).message}`);
      this.#replaceLater();
    }
  }

  /**
   * Gives a VF process away: the first for which `assign` says that it has become a context's, of those that
   * are there or else one that is started for it. Undefined: not even that one.
   */
  take(assign: (vf: VfProcess) => boolean): VfProcess | undefined {
    this.#refillLater();
    const taken = [...this.#idle].find(assign) ?? [this.#start()].find(assign);
    if (taken !== undefined) this.#idle.delete(taken);
    return taken;
  }

  /** Ends the VF processes that wait, and resolves when they are reaped. Those given away are others'. */
  close(reason: Reason): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#refillTimer);
    const empty = new Promise<void>((resolve) => {
      this.#onEmpty = resolve;
    });
    for (const vf of this.#idle) vf.kill(reason);
    if (this.#idle.size === 0) this.#onEmpty();
    return empty;
  }

  #start(): VfProcess {
    const vf: VfProcess = new VfProcess(this.#options.launch, {
      onReady: () => {
        this.#refillDelayMs = PF_LIMITS.refillDelayMs;
        pfStep('pf.vf-warm');
      },
      onEnded: () => this.#ended(vf),
    });
    this.#idle.add(vf);
    return vf;
  }

  #ended(vf: VfProcess): void {
    this.#idle.delete(vf);
    if (this.#closing) {
      if (this.#idle.size === 0) this.#onEmpty();
      return;
    }
    this.#replaceLater();
  }

  #replaceLater(): void {
    this.#refillLater();
    // Until the next one is warm.
    this.#refillDelayMs = Math.min(this.#refillDelayMs * 2, PF_LIMITS.refillDelayMsMax);
  }

  #refillLater(): void {
    if (this.#refillTimer !== undefined || this.#options.size === 0) return;
    this.#refillTimer = setTimeout(() => {
      this.#refillTimer = undefined;
      pfStep('pf.refilling');
      this.fill(this.#options.size);
    }, this.#refillDelayMs);
  }
}
