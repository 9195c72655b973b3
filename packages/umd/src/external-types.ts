/** Conversions of types from other specifications, as far as they exist where the driver runs. */
import type { BufferSource } from './driver-object.ts';
import { type CopyableImage, toCopyableImage } from './external-image.ts';
import { wrapGPUDevice } from './generated/interfaces.gen.ts';
import type * as T from './generated/types.gen.ts';
import type { Device } from './objects/device.ts';
import * as W from './webidl.ts';

export function toAllowSharedBufferSource(v: unknown, what: string): BufferSource {
  if (ArrayBuffer.isView(v) || v instanceof ArrayBuffer) return v;
  if (typeof SharedArrayBuffer !== 'undefined' && v instanceof SharedArrayBuffer) return v;
  // A buffer of another realm, such as a vm context, fails instanceof but carries the tag.
  const tag = Object.prototype.toString.call(v);
  if (tag === '[object ArrayBuffer]' || tag === '[object SharedArrayBuffer]') return v as ArrayBuffer;
  return W.wrongType(what, 'BufferSource');
}

const COLOR_SPACES: Readonly<Record<string, number>> = Object.assign(Object.create(null), { srgb: 1, 'display-p3': 2 });

export function toPredefinedColorSpace(v: unknown, what: string): string {
  return W.toEnum(v, COLOR_SPACES, 'PredefinedColorSpace', what);
}

export function toVideoSource(_v: unknown, what: string): never {
  return W.wrongType(what, 'HTMLVideoElement or VideoFrame');
}

export function toGPUCopyExternalImageSource(v: unknown, what: string): CopyableImage {
  return toCopyableImage(v) ?? W.wrongType(what, 'ImageData, ImageBitmap or canvas');
}

// Event handler attributes: https://html.spec.whatwg.org/#event-handler-attributes

type Handler = (event: Event) => unknown;

interface Slot {
  handler: Handler | object | null;
  readonly listener: (event: Event) => void;
}

const slots = new WeakMap<object, Map<string, Slot>>();

export function getEventHandler(target: EventTarget, _impl: unknown, name: string): unknown {
  return slots.get(target)?.get(name)?.handler ?? null;
}

/** The listener is added when the attribute is first set and keeps its place in the order from then on. */
export function setEventHandler(target: EventTarget, _impl: unknown, name: string, value: unknown): void {
  const handler = typeof value === 'function' || (typeof value === 'object' && value !== null) ? (value as Handler | object) : null;
  const bySlot = slots.get(target) ?? new Map<string, Slot>();
  slots.set(target, bySlot);
  const slot = bySlot.get(name);
  if (slot !== undefined && handler !== null && slot.handler !== null) {
    slot.handler = handler;
    return;
  }
  if (slot !== undefined) {
    target.removeEventListener(name.slice(2), slot.listener);
    bySlot.delete(name);
  }
  if (handler === null) return;
  const fresh: Slot = {
    handler,
    listener(event) {
      if (typeof fresh.handler !== 'function') return;
      if ((fresh.handler as Handler).call(target, event) === false) event.preventDefault();
    },
  };
  bySlot.set(name, fresh);
  target.addEventListener(name.slice(2), fresh.listener);
}

const promises = new WeakMap<object, Promise<unknown>>();

/** GPUDevice.lost is the only one, so its driver object is key enough. */
export function samePromise<T>(impl: object, make: () => Promise<T>): Promise<T> {
  let promise = promises.get(impl) as Promise<T> | undefined;
  if (promise === undefined) {
    promise = make();
    promises.set(impl, promise);
  }
  return promise;
}

const frozen = new WeakMap<object, readonly unknown[]>();

/** A FrozenArray attribute returns the same array each time. */
export function frozenWrapped<A, B>(owner: object, values: readonly A[], wrap: (v: A) => B): readonly B[] {
  let wrapped = frozen.get(owner) as readonly B[] | undefined;
  if (wrapped === undefined) {
    wrapped = Object.freeze(values.map(wrap));
    frozen.set(owner, wrapped);
  }
  return wrapped;
}

export function fromGPUCanvasConfiguration(configuration: T.GPUCanvasConfiguration): object {
  return {
    ...configuration,
    device: wrapGPUDevice(configuration.device as Device),
    viewFormats: [...configuration.viewFormats],
    toneMapping: { ...configuration.toneMapping },
  };
}
