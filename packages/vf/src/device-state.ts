import { ErrorObjects } from './error-objects.ts';
import type { ErrorScopes } from './error-scopes.ts';
import type { Known } from './object-table.ts';

/** What a device has besides its object: error scopes, and stand-ins for what we refuse to create. */
export class DeviceState {
  readonly known: Known<GPUDevice>;
  readonly native: GPUDevice;
  readonly scopes: ErrorScopes;
  readonly errorObjects: ErrorObjects;
  /** Read once: the implementation's limits are getters that cost a call each. */
  readonly limits: Readonly<Record<string, number>>;
  isLost = false;

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

  lose(): void {
    this.isLost = true;
    this.scopes.lose();
  }
}
