/// <reference types="@webgpu/types" />

import { connect, connectSync, SOCKET_VARIABLE } from '@gpup/guest';
import { createGpu } from '@gpup/umd';

const WORD_COUNT = 256;
const MAP_READ = 0x1;
const COPY_SRC = 0x4;
const COPY_DST = 0x8;

/** A well-behaved guest of the host that is attacked. */
export class Neighbour {
  readonly #device: GPUDevice;
  readonly #close: () => void;
  #round = 0;
  /** Why its device is lost, if it is. */
  lossMessage: string | null = null;

  private constructor(device: GPUDevice, close: () => void) {
    this.#device = device;
    this.#close = close;
    void device.lost.then(({ message }) => {
      this.lossMessage = message;
    });
  }

  static async open(socketPath: string): Promise<Neighbour> {
    process.env[SOCKET_VARIABLE] = socketPath;
    const platform = { defer: (callback: () => void) => void setImmediate(callback), collectGarbage() {} };
    const { gpu, close } = createGpu({ connect, connectNow: connectSync, platform });
    const adapter = await (gpu as unknown as GPU).requestAdapter();
    if (adapter === null) throw new Error('The host has no adapter.');
    return new Neighbour(await adapter.requestDevice(), close);
  }

  /** Does a little work; null, or what is wrong with its result. */
  async work(): Promise<string | null> {
    if (this.lossMessage !== null) return `The neighbour is lost: ${this.lossMessage}`;
    const words = Uint32Array.from({ length: WORD_COUNT }, (_, index) => index * 2654435761 + this.#round);
    this.#round++;
    const device = this.#device;
    const source = device.createBuffer({ size: words.byteLength, usage: COPY_SRC | COPY_DST });
    const target = device.createBuffer({ size: words.byteLength, usage: MAP_READ | COPY_DST });
    device.queue.writeBuffer(source, 0, words);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(source, 0, target, 0, words.byteLength);
    device.queue.submit([encoder.finish()]);
    await target.mapAsync(1);
    const result = new Uint32Array(target.getMappedRange().slice(0));
    source.destroy();
    target.destroy();
    const wrong = result.findIndex((word, index) => word !== words[index]);
    return wrong < 0 ? null : `The neighbour's word ${wrong} is ${result[wrong]}, expected ${words[wrong]}.`;
  }

  close(): void {
    this.#close();
  }
}
