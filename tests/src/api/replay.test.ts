/**
 * Render passes that are replayed, against the same passes sent each time: results, errors and their order.
 * The programs are random, and part of their commands is wrong on purpose.
 */
import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { deviceOf, openGpu, texelsOf, TRANSPORTS, type Transport } from './testing/api.ts';

const SEEDS = [1, 2, 3, 7, 2026, Date.now() % 1_000_000];
const FRAMES = 4;
const SIZE = 16;
const PASSES = 6;

/** Numbers below a bound, from a seed. */
class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 2654435761) >>> 0 || 1;
  }

  below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % bound;
  }

  oneIn(odds: number): boolean {
    return this.below(odds) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

type Step = (pass: GPURenderPassEncoder) => void;

interface Scene {
  readonly targets: readonly GPUTexture[];
  readonly depth: GPUTexture;
  readonly queries: GPUQuerySet;
  readonly destroyable: readonly GPUBuffer[];
  readonly steps: (random: Random) => Step;
}

const SHADER = `
@group(0) @binding(0) var<uniform> color: vec4f;
@group(1) @binding(0) var<uniform> offset: vec4f;
@vertex fn vs(@location(0) corner: vec2f, @builtin(instance_index) i: u32) -> @builtin(position) vec4f {
  return vec4f(corner + offset.xy + vec2f(f32(i) * 0.1, 0), 0.5, 1);
}
@fragment fn fs() -> @location(0) vec4f { return color; }`;

function openScene(device: GPUDevice): Scene {
  const module = device.createShaderModule({ code: SHADER });
  const entry = { binding: 0, visibility: 3, buffer: { hasDynamicOffset: true } } as const;
  const layouts = [0, 1].map(() => device.createBindGroupLayout({ entries: [entry] }));
  const layout = device.createPipelineLayout({ bindGroupLayouts: layouts });
  const blend = { color: { srcFactor: 'constant', dstFactor: 'one' }, alpha: {} } as const;
  const pipelineOf = (format: GPUTextureFormat, depthWriteEnabled: boolean): GPURenderPipeline =>
    device.createRenderPipeline({
      layout,
      vertex: { module, buffers: [{ arrayStride: 8, attributes: [{ shaderLocation: 0, offset: 0, format: 'float32x2' }] }] },
      fragment: { module, targets: [{ format, blend }] },
      depthStencil: { format: 'depth24plus-stencil8', depthWriteEnabled, depthCompare: 'always', stencilFront: { passOp: 'replace', compare: 'not-equal' } },
    });
  // The last one fits no pass here.
  const pipelines = [pipelineOf('rgba8unorm', false), pipelineOf('rgba8unorm', false), pipelineOf('rgba8unorm', true), pipelineOf('rg8unorm', false)];
  const uniforms = device.createBuffer({ size: 2048, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(uniforms, 0, Float32Array.from({ length: 512 }, (_, i) => ((i * 7) % 13) / 13 - 0.4));
  const groupOf = (index: number, buffer: GPUBuffer): GPUBindGroup => device.createBindGroup({ layout: layouts[index] as GPUBindGroupLayout, entries: [{ binding: 0, resource: { buffer, size: 16 } }] });
  const groups = [groupOf(0, uniforms), groupOf(1, uniforms)];
  const bufferOf = (data: ArrayBufferView<ArrayBuffer>, usage: number): GPUBuffer => {
    const buffer = device.createBuffer({ size: 64, usage: usage | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const corners = Float32Array.of(-0.5, -0.5, 0.5, -0.5, 0, 0.5, 0.2, 0.2, 0.9, 0.2, 0.2, 0.9);
  const vertices = [0, 1].map(() => bufferOf(corners, GPUBufferUsage.VERTEX));
  const indices = bufferOf(Uint16Array.of(0, 1, 2, 3, 4, 5), GPUBufferUsage.INDEX);
  const indirect = bufferOf(Uint32Array.of(3, 2, 0, 0), GPUBufferUsage.INDIRECT);
  const bundleEncoder = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'], depthStencilFormat: 'depth24plus-stencil8', depthReadOnly: true });
  bundleEncoder.setPipeline(pipelines[0] as GPURenderPipeline);
  for (const [index, group] of groups.entries()) bundleEncoder.setBindGroup(index, group, [256]);
  bundleEncoder.setVertexBuffer(0, vertices[0] as GPUBuffer);
  bundleEncoder.draw(6);
  const bundle = bundleEncoder.finish();
  const usage = GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC;
  let queryIndex = 0;
  let depth = 0;

  /** Everything that a draw needs, which a random order of commands would seldom set. */
  const ready: Step = (pass) => {
    pass.setPipeline(pipelines[0] as GPURenderPipeline);
    for (const [index, group] of groups.entries()) pass.setBindGroup(index, group, [512]);
    pass.setVertexBuffer(0, vertices[0] as GPUBuffer);
    pass.setIndexBuffer(indices, 'uint16');
  };
  const step = (random: Random): Step => {
    const [a, b, offset] = [random.below(3), random.below(2), random.below(8) * 256];
    const isWrong = random.oneIn(60);
    switch (random.below(16)) {
      case 0:
        return ready;
      case 1:
        return (pass) => pass.setPipeline(pipelines[isWrong ? 3 : a] as GPURenderPipeline);
      case 2:
      case 3:
        return (pass) => pass.setBindGroup(b, groups[isWrong ? 1 - b : b] as GPUBindGroup, [isWrong ? 13 : offset]);
      case 4:
        return (pass) => pass.setVertexBuffer(0, isWrong ? null : (vertices[b] as GPUBuffer));
      case 5:
        return (pass) => pass.setScissorRect(a, b, isWrong ? 99 : 12, 10);
      case 6:
        return (pass) => pass.setViewport(0, 0, 16 - a, 16, 0, isWrong ? 2 : 1);
      case 7:
        return (pass) => pass.setBlendConstant([a / 4, 0.25, b / 2, 1]);
      case 8:
        return (pass) => pass.setStencilReference(a);
      case 9: {
        if (queryIndex === 8) return ready;
        const index = queryIndex++;
        return (pass) => {
          pass.beginOcclusionQuery(isWrong ? 99 : index);
          pass.draw(3);
          pass.endOcclusionQuery();
        };
      }
      case 10:
        depth++;
        return (pass) => {
          pass.pushDebugGroup(`group ${depth}`);
          pass.draw(3, 2);
          if (!isWrong) pass.popDebugGroup();
          pass.insertDebugMarker('marker');
        };
      case 11:
        return random.oneIn(2) ? (pass) => pass.executeBundles([bundle]) : (pass) => { pass.executeBundles([bundle]); ready(pass); };
      case 12:
        return (pass) => pass.drawIndexed(isWrong ? 9999 : 6, 1 + b);
      case 13:
        return random.oneIn(8) ? (pass) => pass.drawIndirect(indirect, isWrong ? 64 : 0) : ready;
      default:
        return (pass) => pass.draw(3 + 3 * b, 1 + a);
    }
  };
  return {
    targets: [0, 1].map(() => device.createTexture({ size: [SIZE, SIZE], format: 'rgba8unorm', usage })),
    depth: device.createTexture({ size: [SIZE, SIZE], format: 'depth24plus-stencil8', usage: GPUTextureUsage.RENDER_ATTACHMENT }),
    queries: device.createQuerySet({ type: 'occlusion', count: 8 }),
    destroyable: [vertices[1] as GPUBuffer, uniforms],
    steps: (random) => {
      queryIndex = 0;
      const steps = [...(random.oneIn(6) ? [] : [ready]), ...Array.from({ length: 3 + random.below(30) }, () => step(random))];
      return (pass) => {
        for (const each of steps) each(pass);
      };
    },
  };
}

/** Everything that a program can see of `FRAMES` frames with the same passes. */
async function observe(transport: Transport, seed: number, policy: 'off' | 'first-sight'): Promise<{ readonly seen: unknown[]; readonly errorCount: number }> {
  const before = process.env['GPUP_REPLAY'];
  process.env['GPUP_REPLAY'] = policy;
  const gpu = await openGpu(transport);
  if (before === undefined) delete process.env['GPUP_REPLAY'];
  else process.env['GPUP_REPLAY'] = before;
  const device = await deviceOf(gpu);
  const seen: unknown[] = [];
  let errorCount = 0;
  device.addEventListener('uncapturederror', (event) => {
    event.preventDefault();
    errorCount++;
    seen.push(['uncaptured', event.error.constructor.name, event.error.message]);
  });
  const random = new Random(seed);
  const scene = openScene(device);
  const bodies = Array.from({ length: PASSES }, () => scene.steps(random));
  const record = (frame: number, index: number): GPUCommandEncoder => {
    const encoder = device.createCommandEncoder();
    const view = (scene.targets[(frame + index) % 2] as GPUTexture).createView();
    const depthReadOnly = index % 3 === 1;
    const loads = depthReadOnly ? { depthReadOnly } : ({ depthLoadOp: 'clear', depthStoreOp: 'store', depthClearValue: 1 } as const);
    const pass = encoder.beginRenderPass({
      colorAttachments: [{ view, loadOp: 'load', storeOp: 'store' }],
      depthStencilAttachment: { view: scene.depth.createView(), stencilLoadOp: 'clear', stencilStoreOp: 'store', stencilClearValue: 7, ...loads },
      occlusionQuerySet: scene.queries,
    });
    (bodies[index] as Step)(pass);
    pass.end();
    return encoder;
  };
  for (let frame = 0; frame < FRAMES; frame++) {
    for (let index = 0; index < PASSES; index++) {
      // Some scopes catch, the others leave the error to the handler.
      const isCaught = (frame + index) % 3 !== 0;
      if (isCaught) device.pushErrorScope('validation');
      const commandBuffer = record(frame, index).finish({ label: `${frame}.${index}` });
      if (isCaught) device.pushErrorScope('validation');
      device.queue.submit([commandBuffer]);
      if (!isCaught) continue;
      for (const what of ['submit', 'finish']) {
        const error = await device.popErrorScope();
        if (error !== null) errorCount++;
        seen.push([what, frame, index, error?.constructor.name, error?.message]);
      }
    }
    for (const target of scene.targets) seen.push([...(await texelsOf(device, target))].join());
    if (frame === FRAMES - 2) scene.destroyable[seed % 2]?.destroy();
  }
  await device.queue.onSubmittedWorkDone();
  device.destroy();
  return { seen, errorCount };
}

for (const transport of TRANSPORTS) {
  test(`${transport}: replayed passes show and report what passes do that are sent each time`, async () => {
    let errorCount = 0;
    for (const seed of SEEDS) {
      const plain = await observe(transport, seed, 'off');
      const replayed = await observe(transport, seed, 'first-sight');
      deepEqual(replayed.seen, plain.seen, `seed ${seed}`);
      errorCount += plain.errorCount;
    }
    ok(errorCount > 0, 'no program was wrong');
  });
}
