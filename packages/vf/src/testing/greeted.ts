import { equal } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import type { Backend } from '../backend.ts';
import { type GuestDevice, ScriptedGuest } from './scripted-guest.ts';

/** A guest that has said hello and has a device, and what most tests of a command processor do with one. */

type GuestOptions = Partial<ConstructorParameters<typeof ScriptedGuest>[0]>;

export const EMPTY_COMPUTE = '@compute @workgroup_size(1) fn main() {}';

export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

export interface Greeted {
  readonly guest: ScriptedGuest;
  readonly device: GuestDevice;
}

export async function greeted(backend: Backend, options: GuestOptions = {}): Promise<Greeted> {
  const guest = new ScriptedGuest({ backend, ...options });
  guest.hello();
  return { guest, device: await guest.device() };
}

/** Gives the backend's devices back: a test must not leave work behind. */
export async function finished({ guest, device }: Greeted): Promise<void> {
  if (guest.end === null) await guest.done(device);
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
}

/** What came of calls that the event loop still has to deliver. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2));
}

export function clearPass(view: number, clearValue = { r: 0, g: 0, b: 0, a: 0 }): Parameters<typeof encode.recordGPUCommandEncoderBeginRenderPass>[1] {
  return { label: '', colorAttachments: [{ view: { handle: view }, loadOp: 'clear', storeOp: 'store', clearValue }], maxDrawCount: 50_000_000 };
}

export type Check = (title: string, body: (context: Greeted) => Promise<void>, options?: GuestOptions) => void;

/** Tests in which the guest is to be alive at the end. They share a backend. */
export function checker(name: string, open: () => Promise<Backend>): Check {
  let opened: Promise<Backend> | undefined;
  return (title, body, options = {}) => {
    test(`${name}: ${title}`, async () => {
      opened ??= open();
      const context = await greeted(await opened, options);
      await body(context);
      equal(context.guest.end, null, JSON.stringify(context.guest.end));
      await finished(context);
    });
  };
}
