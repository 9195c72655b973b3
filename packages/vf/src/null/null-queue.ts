import type { NullBuffer } from './null-buffer.ts';
import type { NullDevice } from './null-device.ts';
import type { NullCommandBuffer } from './null-encoder.ts';
import { objectionTo } from './null-object.ts';

/** Does what it is given at once, and says so later. */
export class NullQueue {
  readonly #device: NullDevice;
  label = '';

  constructor(device: NullDevice) {
    this.#device = device;
  }

  submit(commandBuffers: readonly NullCommandBuffer[]): void {
    const device = this.#device;
    if (device.isLost) return;
    const objection = this.#objection(commandBuffers);
    for (const each of commandBuffers) each.isSubmitted = true;
    if (objection !== null) {
      device.report('validation', objection);
      return;
    }
    for (const each of commandBuffers) for (const step of each.steps) step();
  }

  #objection(commandBuffers: readonly NullCommandBuffer[]): string | null {
    for (const each of commandBuffers) {
      const objection = objectionTo(each, this.#device);
      if (objection !== null) return objection;
      if (each.isSubmitted) return 'A command buffer was submitted before.';
      for (const buffer of each.buffers) {
        if (!buffer.isUsableByQueue) return `Buffer "${buffer.label}" is used in a submit while destroyed or mapped.`;
      }
    }
    return null;
  }

  onSubmittedWorkDone(): Promise<undefined> {
    return new Promise((resolve) => this.#device.later(() => resolve(undefined)));
  }

  writeBuffer(buffer: NullBuffer, offset: number, data: Uint8Array, dataOffset = 0, size = data.byteLength - dataOffset): void {
    const device = this.#device;
    if (device.isLost) return;
    if (size % 4 !== 0) throw new DOMException('The size is not a multiple of 4.', 'OperationError');
    const objection = objectionTo(buffer, device) ?? (buffer.isUsableByQueue && offset % 4 === 0 && offset + size <= buffer.size ? null : `Write range (offset ${offset}, size ${size}) is not valid.`);
    if (objection !== null) device.report('validation', objection);
    else buffer.bytes().set(data.subarray(dataOffset, dataOffset + size), offset);
  }

  /** Textures have no contents here. */
  writeTexture(destination: { texture: unknown }): void {
    const objection = objectionTo(destination.texture, this.#device);
    if (objection !== null) this.#device.report('validation', objection);
  }
}
