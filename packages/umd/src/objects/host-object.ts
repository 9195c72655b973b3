/** A driver object that the host knows by a handle. */
import * as encode from '@gpup/wire/encode';
import type { Context } from '../context.ts';
import type { DriverObject } from '../driver-object.ts';
import type { Device } from './device.ts';

/**
 * No private fields here: this constructor runs for every kind of object, and where V8 sees many kinds
 * it defines private fields through its runtime, which takes longer than all the rest.
 */
export class HostObject implements DriverObject {
  wrapper: object | undefined;
  readonly handle: number;
  lease: number;
  /** The recorder that last noted this object down, so that it does so once. */
  recorderStamp: number;
  protected readonly context: Context;
  protected labelText: string;

  /**
   * `byteLength`: roughly what the host holds for it, for the collector's sake. `handle`: one that
   * was allocated before, else the object gets its own.
   */
  constructor(context: Context, label: string, byteLength = 0, handle = context.allocateHandle()) {
    this.wrapper = undefined;
    this.handle = handle;
    this.lease = context.lease(this, handle, byteLength);
    this.recorderStamp = 0;
    this.context = context;
    this.labelText = label;
  }

  get label(): string {
    return this.labelText;
  }

  set label(label: string) {
    this.labelText = label;
    tellLabel(this.context, this, label);
  }
}

/** Blocks in which the host keeps recorded commands: tens of kilobytes even for one command. */
export const RECORDING_BYTES = 32 << 10;

/** An object that the host has dropped has no label there. */
export function tellLabel(context: Context, { handle, lease }: { readonly handle: number; readonly lease: number }, label: string): void {
  if (context.handleOf(lease) === 0) return;
  encode.encodeObjectSetLabel(context.out, handle, label);
  context.written();
}

/** One that belongs to a device. */
export class DeviceObject extends HostObject {
  readonly device: Device;

  constructor(device: Device, label: string, byteLength = 0) {
    super(device.context, label, byteLength);
    this.device = device;
  }
}
