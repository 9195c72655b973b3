import { ErrorObjects } from './error-objects.ts';
import type { ErrorScopes } from './error-scopes.ts';
import type { Known } from './object-table.ts';

/** Bytes that may wait for a submit to follow their release. */
const FREED_BYTES_MAX = 32 * 2 ** 20;
/** What a destroyed object holds besides: small ones count as well. */
const FREED_OBJECT_BYTES = 16 * 2 ** 10;

/** What a device has besides its object: error scopes, and stand-ins for what we refuse to create. */
export class DeviceState {
  readonly known: Known<GPUDevice>;
  readonly native: GPUDevice;
  readonly scopes: ErrorScopes;
  readonly errorObjects: ErrorObjects;
  /** Read once: the implementation's limits are getters that cost a call each. */
  readonly limits: Readonly<Record<string, number>>;
  /** For an implementation that tells of an error which none of its scopes has caught. */
  readonly uncaptured = (filter: GPUErrorFilter, message: string): void => this.scopes.raise(filter, message);
  isLost = false;
  /** Ends what the device's loss ends; called once. */
  onLost: () => void = () => {};
  #freedBytes = 0;

  constructor(options: {
    readonly known: Known<GPUDevice>;
    readonly native: GPUDevice;
    readonly scopes: ErrorScopes;
    readonly limits: Readonly<Record<string, number>>;
  }) {
    this.known = options.known;
    this.native = options.native;
    this.scopes = options.scopes;
    this.limits = options.limits;
    this.errorObjects = new ErrorObjects(options.native, options.scopes);
  }

  /** An object was destroyed that had `bytes` of memory. */
  freed(bytes: number): void {
    this.#freedBytes += bytes + FREED_OBJECT_BYTES;
    if (this.#freedBytes > FREED_BYTES_MAX) this.reclaim();
  }

  /**
   * Dawn gives the memory of what was destroyed or collected back when a later submit has completed,
   * and a guest may never submit again: creating and dropping objects alone would grow without end.
   */
  reclaim(): void {
    this.#freedBytes = 0;
    if (this.isLost) return;
    this.native.queue.submit([]);
    // It looks for completed work only while somebody waits for some.
    this.native.queue.onSubmittedWorkDone().catch(() => {});
  }

  lose(): void {
    if (!this.isLost) this.onLost();
    this.isLost = true;
    this.scopes.lose();
  }
}
