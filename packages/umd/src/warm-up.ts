/**
 * Uses the driver for a while without a host, so that the engine compiles it.
 *
 * V8 optimizes a function when it has run some 200 KB of its bytecode: two thousand calls of one that a frame calls once, half a
 * minute at sixty frames a second. Until then `createCommandEncoder` … `submit` take a caller three times as long. What is
 * run here are the same functions, on objects of the same shapes; nothing leaves the process.
 */
import type { CloseReason, GuestLink, PacketSink } from '@gpup/bus';
import { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { LIMIT_NAMES, OPCODES } from '@gpup/wire/numbers';
import { createGpu } from './create-gpu.ts';
import type { GPU, GPUAdapter, GPUBuffer, GPUDevice } from './generated/interfaces.gen.ts';
import { HandleAllocator } from './handle-allocator.ts';

/** Rounds until everything in them is optimized, with a margin. */
export const WARM_UP_ROUND_COUNT = 2000;

const BUFFER_BYTES = 256;
/** Objects whose memory counts are made seldom: the collector would run for them. */
const CREATES_PER = 4;

const USAGE = { mapRead: 1, copySource: 4, copyTarget: 8, index: 16, vertex: 32, uniform: 64 } as const;
const RENDER_ATTACHMENT = 16;

/** A driver that talks to itself. */
export class WarmUp {
  readonly #device: GPUDevice;
  readonly #close: () => void;
  readonly #things: ReturnType<typeof thingsOf>;
  #roundCount = 0;

  private constructor(device: GPUDevice, close: () => void) {
    this.#device = device;
    this.#close = close;
    this.#things = thingsOf(device);
  }

  static async begin(): Promise<WarmUp> {
    const link = (): GuestLink => new EchoLink();
    const platform = { defer: () => {}, collectGarbage: () => {} };
    const { gpu, close } = createGpu({ connect: async () => link(), connectNow: link, platform, handles: new HandleAllocator() });
    return new WarmUp(await deviceOf(gpu), close);
  }

  get isOver(): boolean {
    return this.#roundCount >= WARM_UP_ROUND_COUNT;
  }

  /** Some tens of microseconds at first, and a third of that later. */
  round(): void {
    const index = this.#roundCount++;
    this.#device.pushErrorScope('validation');
    if (index % CREATES_PER === 0) this.#create();
    this.#device.queue.submit([this.#compute(index)]);
    this.#device.queue.submit([this.#render(index)]);
    this.#await();
  }

  close(): void {
    this.#close();
  }

  #create(): void {
    const { layout } = this.#things;
    const buffer = this.#device.createBuffer({ size: BUFFER_BYTES, usage: USAGE.uniform | USAGE.copyTarget });
    this.#device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] });
    buffer.destroy();
  }

  #compute(index: number): object {
    const { compute, group, buffer, readBack, bytes } = this.#things;
    this.#device.queue.writeBuffer(buffer, 0, bytes);
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(compute);
    pass.setBindGroup(0, group);
    pass.setBindGroup(1, group, [(index % 4) * BUFFER_BYTES]);
    for (let count = 1; count <= 4; count++) pass.dispatchWorkgroups(count, 1 + (index & 1));
    pass.end();
    encoder.copyBufferToBuffer(buffer, 0, readBack, 0, BUFFER_BYTES);
    return encoder.finish();
  }

  /** Some passes are those of before, others are not: both ways a frame can go. */
  #render(index: number): object {
    const { render, group, buffer, view } = this.#things;
    const encoder = this.#device.createCommandEncoder({ label: 'frame' });
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store', clearValue: { r: 0, g: 0, b: 0, a: 1 } }] });
    pass.setPipeline(render);
    pass.setVertexBuffer(0, buffer);
    pass.setIndexBuffer(buffer, 'uint16');
    const offset = index % 8 === 0 ? index : 0;
    for (let count = 1; count <= 4; count++) {
      pass.setBindGroup(0, group, [offset * BUFFER_BYTES]);
      if (count === 4) pass.drawIndexed(3 * count, 1 + offset);
      else pass.draw(3 * count, 1 + offset);
    }
    pass.end();
    return encoder.finish();
  }

  #await(): void {
    const ignore = (): void => {};
    void this.#device.popErrorScope().then(ignore, ignore);
    void this.#device.queue.onSubmittedWorkDone().then(ignore, ignore);
  }
}

async function deviceOf(gpu: GPU): Promise<GPUDevice> {
  const adapter = (await gpu.requestAdapter()) as GPUAdapter;
  return adapter.requestDevice();
}

function thingsOf(device: GPUDevice) {
  const module = device.createShaderModule({ code: '' });
  const layout = device.createBindGroupLayout({ entries: [{ binding: 0, visibility: 4, buffer: { hasDynamicOffset: true } }] });
  const bufferOf = (usage: number): GPUBuffer => device.createBuffer({ size: BUFFER_BYTES, usage });
  const buffer = bufferOf(USAGE.copySource | USAGE.copyTarget | USAGE.vertex | USAGE.index | USAGE.uniform);
  return {
    layout,
    buffer,
    readBack: bufferOf(USAGE.mapRead | USAGE.copyTarget),
    group: device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer } }] }),
    compute: device.createComputePipeline({ layout: 'auto', compute: { module } }),
    render: device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } }),
    view: device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: RENDER_ATTACHMENT }).createView(),
    bytes: new Uint8Array(64),
  };
}

/** What the host would say, where something has to be said. */
const ADAPTER = {
  features: ['core-features-and-limits'],
  limits: Object.fromEntries(LIMIT_NAMES.map((name) => [name, 1 << 16])),
  info: { vendor: '', architecture: '', device: '', description: '', subgroupMinSize: 4, subgroupMaxSize: 64, isFallbackAdapter: false },
};
const WELCOME = JSON.stringify({ wgslLanguageFeatures: [], preferredCanvasFormat: 'bgra8unorm', escapes: [] });
/** Minor version and feature level of a host with all that the driver can use of it. */
const [MINOR, FEATURE_LEVEL] = [2, 24];

/** A link to nobody, which answers requests at once. */
class EchoLink implements GuestLink {
  readonly heap = null;
  readonly packetWordsMax = 1 << 20;
  onPacket: PacketSink = () => {};
  onClose: (reason: CloseReason) => void = () => {};
  readonly #out = new Writer();

  send(words: Uint32Array, begin: number, end: number): void {
    this.#out.reset();
    for (let at = begin; at < end; at += words[at + 1] as number) this.#answer(words, at);
    if (this.#out.length === 0) return;
    const answers = this.#out.words.slice(0, this.#out.length);
    queueMicrotask(() => {
      for (let at = 0; at < answers.length; at += answers[at + 1] as number) this.onPacket(answers, at, at + (answers[at + 1] as number));
    });
  }

  /** After opcode and length: `self` where there is one, then the request. */
  #answer(words: Uint32Array, at: number): void {
    switch (words[at]) {
      case OPCODES['Context.hello']:
        return encode.encodeEventWelcome(this.#out, 1, MINOR, FEATURE_LEVEL, WELCOME);
      case OPCODES['GPU.requestAdapter']:
        return encode.encodeReplyJson(this.#out, words[at + 2] as number, JSON.stringify({ adapter: ADAPTER }));
      case OPCODES['GPUAdapter.requestDevice']:
        return encode.encodeReplyJson(this.#out, words[at + 3] as number, JSON.stringify(ADAPTER));
      case OPCODES['GPUDevice.popErrorScope']:
        return encode.encodeReplyScope(this.#out, words[at + 3] as number, null, '');
      case OPCODES['GPUQueue.onSubmittedWorkDone']:
        return encode.encodeReplyDone(this.#out, words[at + 3] as number);
    }
  }

  waitForProgress(): boolean {
    return false;
  }
  waitForHost(): boolean {
    return false;
  }
  poll(): void {}
  completedSerial(): number {
    return 0;
  }
  setWaiting(): void {}
  close(): void {}
}
