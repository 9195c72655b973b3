import type { NullDevice } from './null-device.ts';

/** Anything that a device makes. Invalid objects make whatever is made from them invalid. */
export class NullObject {
  readonly device: NullDevice;
  readonly isValid: boolean;
  label: string;

  /** `objection`: why the object is invalid; it is reported here and now. Null for a valid object. */
  constructor(device: NullDevice, label: string | undefined, objection: string | null) {
    this.device = device;
    this.label = label ?? '';
    this.isValid = objection === null && !device.isLost;
    if (objection !== null) device.report('validation', objection);
  }
}

/** Why an object cannot be used on `device`, or null. */
export function objectionTo(object: unknown, device: NullDevice): string | null {
  if (!(object instanceof NullObject)) return null;
  if (object.device !== device) return 'An object belongs to another device.';
  return object.isValid ? null : `${object.constructor.name} "${object.label}" is invalid.`;
}

/** Looks through a descriptor for objects that cannot be used. */
export function objectionInside(value: unknown, device: NullDevice): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (value instanceof NullObject) return objectionTo(value, device);
  if (ArrayBuffer.isView(value)) return null;
  for (const member of Object.values(value)) {
    const objection = objectionInside(member, device);
    if (objection !== null) return objection;
  }
  return null;
}
