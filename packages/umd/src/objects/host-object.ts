/** A driver object that the host knows by a handle. */
import * as encode from '@gpup/wire/encode';
import type { Context, Lease } from '../context.ts';
import type { DriverObject } from '../driver-object.ts';
import type { Device } from './device.ts';

export class HostObject implements DriverObject {
  wrapper: object | undefined = undefined;
  readonly handle: number;
  readonly lease: Lease;
  /** The recorder that last noted this object down, so that it does so once. */
  recorderStamp = 0;
  #label: string;
  readonly #context: Context;

  /**
   * `byteLength`: roughly what the host holds for it, for the collector's sake. `handle`: one that
   * was allocated before, else the object gets its own.
   */
  constructor(context: Context, label: string, options: { readonly byteLength?: number; readonly handle?: number } = {}) {
    this.#context = context;
    this.#label = label;
    this.handle = options.handle ?? context.allocateHandle();
    this.lease = context.lease(this, this.handle, options.byteLength ?? 0);
  }

  get label(): string {
    return this.#label;
  }

  set label(label: string) {
    this.#label = label;
    // An object that the host has dropped has no label there.
    if (this.lease.handle === 0) return;
    encode.encodeObjectSetLabel(this.#context.out, this.handle, label);
    this.#context.written();
  }
}

/** One that belongs to a device. */
export class DeviceObject extends HostObject {
  readonly device: Device;

  constructor(device: Device, label: string, byteLength = 0) {
    super(device.context, label, { byteLength });
    this.device = device;
  }
}
