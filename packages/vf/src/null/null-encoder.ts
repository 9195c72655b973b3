import { NullBuffer } from './null-buffer.ts';
import type { NullDevice } from './null-device.ts';
import { NullObject, objectionInside } from './null-object.ts';

type Step = () => void;

export class NullCommandBuffer extends NullObject {
  /** What the queue does; nothing for draws and dispatches, as there is nothing that could see it. */
  readonly steps: readonly Step[];
  readonly buffers: ReadonlySet<NullBuffer>;
  isSubmitted = false;

  constructor(device: NullDevice, label: string | undefined, objection: string | null, recorded: { readonly steps: readonly Step[]; readonly buffers: ReadonlySet<NullBuffer> }) {
    super(device, label, objection);
    this.steps = recorded.steps;
    this.buffers = recorded.buffers;
  }
}

export class NullRenderBundle extends NullObject {
  /** Used by whatever executes the bundle. */
  readonly buffers: ReadonlySet<NullBuffer>;

  constructor(device: NullDevice, label: string | undefined, objection: string | null, buffers: ReadonlySet<NullBuffer>) {
    super(device, label, objection);
    this.buffers = buffers;
  }
}

/** Everything that an encoder, its passes and bundles have in common: the first objection and the debug groups. */
class NullRecorder {
  readonly device: NullDevice;
  readonly buffers: Set<NullBuffer>;
  label = '';
  objection: string | null = null;
  #debugDepth = 0;
  isEnded = false;

  constructor(device: NullDevice, buffers: Set<NullBuffer>) {
    this.device = device;
    this.buffers = buffers;
  }

  /** False where the command must not be recorded. */
  use(...args: unknown[]): boolean {
    if (this.isEnded) this.objection ??= 'The encoder has ended.';
    for (const arg of args) {
      this.objection ??= objectionInside(arg, this.device);
      if (arg instanceof NullBuffer) this.buffers.add(arg);
    }
    return this.objection === null;
  }

  object(message: string): void {
    this.objection ??= message;
  }

  pushDebugGroup(): void {
    this.#debugDepth++;
  }
  popDebugGroup(): void {
    if (this.#debugDepth-- === 0) this.object('No debug group is open.');
  }
  insertDebugMarker(): void {}

  close(): void {
    if (this.isEnded) this.object('The encoder has ended.');
    this.isEnded = true;
    if (this.#debugDepth > 0) this.object(`${this.#debugDepth} debug groups are open.`);
  }

  setBindGroup(_index: number, group: unknown): void {
    this.use(group);
  }
  setImmediates(): void {}
  setPipeline(pipeline: unknown): void {
    this.use(pipeline);
  }
}

class NullPass extends NullRecorder {
  readonly #parent: NullCommandEncoder;

  constructor(parent: NullCommandEncoder, descriptor: unknown) {
    super(parent.device, parent.buffers);
    this.#parent = parent;
    this.use(descriptor);
  }

  end(): void {
    this.close();
    this.#parent.passEnded(this.objection);
  }

  dispatchWorkgroups(): void {}
  dispatchWorkgroupsIndirect(buffer: unknown): void {
    this.use(buffer);
  }
  setViewport(): void {}
  setScissorRect(): void {}
  setBlendConstant(): void {}
  setStencilReference(): void {}
  beginOcclusionQuery(): void {}
  endOcclusionQuery(): void {}
  executeBundles(bundles: unknown[]): void {
    this.use(...bundles);
    for (const bundle of bundles) if (bundle instanceof NullRenderBundle) for (const buffer of bundle.buffers) this.buffers.add(buffer);
  }
  setIndexBuffer(buffer: unknown): void {
    this.use(buffer);
  }
  setVertexBuffer(_slot: number, buffer: unknown): void {
    this.use(buffer);
  }
  draw(): void {}
  drawIndexed(): void {}
  drawIndirect(buffer: unknown): void {
    this.use(buffer);
  }
  drawIndexedIndirect(buffer: unknown): void {
    this.use(buffer);
  }
}

export class NullCommandEncoder extends NullRecorder {
  readonly #steps: Step[] = [];
  #isPassOpen = false;

  constructor(device: NullDevice) {
    super(device, new Set());
  }

  beginRenderPass(descriptor: unknown): NullPass {
    return this.#beginPass(descriptor);
  }

  beginComputePass(descriptor: unknown): NullPass {
    return this.#beginPass(descriptor);
  }

  #beginPass(descriptor: unknown): NullPass {
    if (this.#isPassOpen) this.object('A pass is open.');
    this.#isPassOpen = true;
    return new NullPass(this, descriptor);
  }

  passEnded(objection: string | null): void {
    this.#isPassOpen = false;
    if (objection !== null) this.object(objection);
  }

  copyBufferToBuffer(source: NullBuffer, sourceOffset: number, destination: NullBuffer, destinationOffset: number, size = source.size - sourceOffset): void {
    if (!this.use(source, destination)) return;
    if (sourceOffset + size > source.size || destinationOffset + size > destination.size || size % 4 !== 0 || source === destination) {
      this.object(`Copy of ${size} bytes from ${sourceOffset} to ${destinationOffset} is not valid.`);
      return;
    }
    this.#steps.push(() => destination.bytes().set(source.read(sourceOffset, size), destinationOffset));
  }

  clearBuffer(buffer: NullBuffer, offset = 0, size = buffer.size - offset): void {
    if (!this.use(buffer)) return;
    if (offset + size > buffer.size || size % 4 !== 0) this.object(`Clearing ${size} bytes at ${offset} is not valid.`);
    else this.#steps.push(() => buffer.bytes().fill(0, offset, offset + size));
  }

  copyBufferToTexture(source: { buffer: NullBuffer }, destination: unknown): void {
    this.use(source.buffer, destination);
  }
  copyTextureToBuffer(source: unknown, destination: { buffer: NullBuffer }): void {
    this.use(source, destination.buffer);
  }
  copyTextureToTexture(source: unknown, destination: unknown): void {
    this.use(source, destination);
  }
  resolveQuerySet(querySet: unknown, _first: number, _count: number, destination: unknown): void {
    this.use(querySet, destination);
  }

  finish(descriptor?: GPUCommandBufferDescriptor): NullCommandBuffer {
    if (this.#isPassOpen) this.object('A pass is open.');
    this.close();
    return new NullCommandBuffer(this.device, descriptor?.label, this.objection, { steps: this.#steps, buffers: this.buffers });
  }
}

export class NullRenderBundleEncoder extends NullRecorder {
  constructor(device: NullDevice, { colorFormats, depthStencilFormat }: GPURenderBundleEncoderDescriptor) {
    super(device, new Set());
    if ([...colorFormats].every((format) => format == null) && depthStencilFormat === undefined) this.object('A bundle needs an attachment format.');
  }

  setIndexBuffer(buffer: unknown): void {
    this.use(buffer);
  }
  setVertexBuffer(_slot: number, buffer: unknown): void {
    this.use(buffer);
  }
  draw(): void {}
  drawIndexed(): void {}
  drawIndirect(buffer: unknown): void {
    this.use(buffer);
  }
  drawIndexedIndirect(buffer: unknown): void {
    this.use(buffer);
  }

  finish(descriptor?: GPURenderBundleDescriptor): NullRenderBundle {
    this.close();
    return new NullRenderBundle(this.device, descriptor?.label, this.objection, this.buffers);
  }
}
