/**
 * Uses the driver for a while without a host, so that the engine compiles it.
 *
 * V8 optimizes a function when it has run some 200 KB of its bytecode: two thousand calls of one that a frame calls once, half a
 * minute at sixty frames a second. Until then `createCommandEncoder` … `submit` take a caller three times as long. What is
 * run here are the same functions, on objects of the same shapes; nothing leaves the process.
 */
import { type GuestLink, ImmediateLink } from '@gpup/bus';
import { FEATURE_LEVEL, PROTOCOL_MAJOR, PROTOCOL_MINOR, Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { LIMIT_NAMES, OPCODES } from '@gpup/wire/numbers';
import { createGpu } from './create-gpu.ts';
import * as G from './generated/interfaces.gen.ts';
import { HandleAllocator } from './handle-allocator.ts';

/** Rounds until everything in them is optimized, as a rule: the engine's compilers run on threads of their own. */
export const WARM_UP_ROUND_COUNT = 3000;

const BUFFER_BYTES = 256;
/** Objects whose memory counts are made seldom: the collector would run for them. */
const ROUNDS_PER_CREATION = 4;

const { MAP_READ, COPY_SRC, COPY_DST, INDEX, VERTEX, UNIFORM } = G.GPUBufferUsage;
const { RENDER_ATTACHMENT } = G.GPUTextureUsage;

/** As they are before a program puts others in their place, to count calls or to find its device: these are none of its calls. */
const { requestAdapter } = G.GPU.prototype;
const { requestDevice } = G.GPUAdapter.prototype;
const device = methodsOf(G.GPUDevice.prototype);
const queue = methodsOf(G.GPUQueue.prototype);
const encoder = methodsOf(G.GPUCommandEncoder.prototype);
const computePass = methodsOf(G.GPUComputePassEncoder.prototype);
const renderPass = methodsOf(G.GPURenderPassEncoder.prototype);
const { createView } = G.GPUTexture.prototype;
const { destroy: destroyBuffer } = G.GPUBuffer.prototype;

/** Gives the caller's thread back for a moment. */
export type Pause = () => Promise<void>;

/** What a round works with. */
interface Bench {
  readonly device: G.GPUDevice;
  readonly queue: G.GPUQueue;
  readonly things: Things;
  /** Of the round, for what differs from one to the next. */
  index: number;
  commands: G.GPUCommandEncoder;
  compute: G.GPUComputePassEncoder;
  render: G.GPURenderPassEncoder;
  finished: G.GPUCommandBuffer;
}

/** A driver that talks to itself. */
export class WarmUp {
  readonly #bench: Bench;
  readonly #close: () => void;
  #roundCount = 0;

  private constructor(bench: Bench, close: () => void) {
    this.#bench = bench;
    this.#close = close;
  }

  static async begin(pause: Pause): Promise<WarmUp> {
    const link = (): GuestLink => new EchoLink();
    const platform = { defer: () => {}, collectGarbage: () => {} };
    const { gpu, close } = createGpu({ connect: async () => link(), connectNow: link, platform, handles: new HandleAllocator() });
    const adapter = (await requestAdapter.call(gpu)) as G.GPUAdapter;
    const own = await requestDevice.call(adapter);
    const things = await thingsOf(own, pause);
    return new WarmUp(benchOf(own, things), close);
  }

  get isOver(): boolean {
    return this.#roundCount >= WARM_UP_ROUND_COUNT;
  }

  /** Some tenths of a millisecond at first, and some tens of microseconds later. */
  round(): void {
    this.#bench.index = this.#roundCount++;
    for (const step of STEPS) step(this.#bench);
  }

  close(): void {
    this.#close();
  }
}

function benchOf(own: G.GPUDevice, things: Things): Bench {
  const commands = device.createCommandEncoder.call(own);
  const compute = encoder.beginComputePass.call(commands);
  computePass.end.call(compute);
  const render = encoder.beginRenderPass.call(commands, { colorAttachments: [{ view: things.view, loadOp: 'clear', storeOp: 'store' }] });
  renderPass.end.call(render);
  return { device: own, queue: device.queue.call(own), things, index: 0, commands, compute, render, finished: encoder.finish.call(commands) };
}

/**
 * Each is so small that what it calls is optimized before itself: what is compiled into its caller is not counted, and a
 * program calls it as it was.
 */
const STEPS: readonly ((bench: Bench) => void)[] = [
  (b) => device.pushErrorScope.call(b.device, 'validation'),
  (b) => b.index % ROUNDS_PER_CREATION === 0 && create(b),
  (b) => queue.writeBuffer.call(b.queue, b.things.buffer, 0, b.things.bytes),

  (b) => void (b.commands = device.createCommandEncoder.call(b.device)),
  (b) => void (b.compute = encoder.beginComputePass.call(b.commands)),
  (b) => computePass.setPipeline.call(b.compute, b.things.compute),
  (b) => computePass.setBindGroup.call(b.compute, 0, b.things.group),
  (b) => computePass.setBindGroup.call(b.compute, 1, b.things.group, [(b.index % 4) * BUFFER_BYTES]),
  (b) => computePass.dispatchWorkgroups.call(b.compute, 1, 1 + (b.index & 1)),
  (b) => computePass.dispatchWorkgroups.call(b.compute, 2),
  (b) => computePass.end.call(b.compute),
  (b) => encoder.copyBufferToBuffer.call(b.commands, b.things.buffer, 0, b.things.readBack, 0, BUFFER_BYTES),
  (b) => void (b.finished = encoder.finish.call(b.commands)),
  (b) => queue.submit.call(b.queue, [b.finished]),

  (b) => void (b.commands = device.createCommandEncoder.call(b.device, { label: 'frame' })),
  (b) => void (b.render = encoder.beginRenderPass.call(b.commands, { colorAttachments: [{ view: b.things.view, loadOp: 'clear', storeOp: 'store', clearValue: { r: 0, g: 0, b: 0, a: 1 } }] })),
  (b) => renderPass.setPipeline.call(b.render, b.things.render),
  (b) => renderPass.setVertexBuffer.call(b.render, 0, b.things.buffer),
  (b) => renderPass.setIndexBuffer.call(b.render, b.things.buffer, 'uint16'),
  // Some passes are those of before, others are not: both ways a frame can go.
  (b) => renderPass.setBindGroup.call(b.render, 0, b.things.group, [(b.index % 8 === 0 ? b.index : 0) * BUFFER_BYTES]),
  (b) => renderPass.draw.call(b.render, 3),
  (b) => renderPass.draw.call(b.render, 6, 2),
  (b) => renderPass.drawIndexed.call(b.render, 12),
  (b) => renderPass.end.call(b.render),
  (b) => void (b.finished = encoder.finish.call(b.commands)),
  (b) => queue.submit.call(b.queue, [b.finished]),

  (b) => void device.popErrorScope.call(b.device).then(ignore, ignore),
  (b) => void queue.onSubmittedWorkDone.call(b.queue).then(ignore, ignore),
];

function create(b: Bench): void {
  const buffer = device.createBuffer.call(b.device, { size: BUFFER_BYTES, usage: UNIFORM | COPY_DST });
  device.createBindGroup.call(b.device, { layout: b.things.layout, entries: [{ binding: 0, resource: { buffer } }] });
  destroyBuffer.call(buffer);
}

function ignore(): void {}

/** The methods, and the getters as methods. */
function methodsOf<T extends object>(prototype: T): Methods<T> {
  const descriptors = Object.entries(Object.getOwnPropertyDescriptors(prototype));
  return Object.fromEntries(descriptors.map(([name, { value, get }]) => [name, value ?? get])) as Methods<T>;
}

type Methods<T> = { readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R ? (this: T, ...args: A) => R : (this: T) => T[K] };

type Things = Awaited<ReturnType<typeof thingsOf>>;

async function thingsOf(own: G.GPUDevice, pause: Pause) {
  const module = device.createShaderModule.call(own, { code: '' });
  const layout = device.createBindGroupLayout.call(own, { entries: [{ binding: 0, visibility: G.GPUShaderStage.COMPUTE, buffer: { hasDynamicOffset: true } }] });
  await pause();
  const bufferOf = (usage: number): G.GPUBuffer => device.createBuffer.call(own, { size: BUFFER_BYTES, usage });
  const buffer = bufferOf(COPY_SRC | COPY_DST | VERTEX | INDEX | UNIFORM);
  const readBack = bufferOf(MAP_READ | COPY_DST);
  const group = device.createBindGroup.call(own, { layout, entries: [{ binding: 0, resource: { buffer } }] });
  await pause();
  const compute = device.createComputePipeline.call(own, { layout: 'auto', compute: { module } });
  await pause();
  const render = device.createRenderPipeline.call(own, { layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } });
  await pause();
  const texture = device.createTexture.call(own, { size: [4, 4], format: 'rgba8unorm', usage: RENDER_ATTACHMENT });
  const view = createView.call(texture);
  await pause();
  return { layout, buffer, readBack, group, compute, render, view, bytes: new Uint8Array(64) };
}

/** What the host would say, where something has to be said. */
const ADAPTER = {
  features: ['core-features-and-limits'],
  limits: Object.fromEntries(LIMIT_NAMES.map((name) => [name, 1 << 16])),
  info: { vendor: '', architecture: '', device: '', description: '', subgroupMinSize: 4, subgroupMaxSize: 64, isFallbackAdapter: false },
};
const WELCOME = JSON.stringify({ wgslLanguageFeatures: [], preferredCanvasFormat: 'bgra8unorm', escapes: [] });

/** What a microtask is made of: a program's tests may replace the platform's queueMicrotask. */
const NOW = Promise.resolve();

/** A link to nobody, which answers requests at once. */
class EchoLink extends ImmediateLink {
  readonly #out = new Writer();

  send(words: Uint32Array, begin: number, end: number): void {
    this.#out.reset();
    for (let at = begin; at < end; at += words[at + 1] as number) this.#answer(words, at);
    if (this.#out.length === 0) return;
    const answers = this.#out.words.slice(0, this.#out.length);
    void NOW.then(() => {
      for (let at = 0; at < answers.length; at += answers[at + 1] as number) this.onPacket(answers, at, at + (answers[at + 1] as number));
    });
  }

  /** After opcode and length: `self` where there is one, then the request. */
  #answer(words: Uint32Array, at: number): void {
    switch (words[at]) {
      case OPCODES['Context.hello']:
        return encode.encodeEventWelcome(this.#out, PROTOCOL_MAJOR, PROTOCOL_MINOR, FEATURE_LEVEL, WELCOME);
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
}
