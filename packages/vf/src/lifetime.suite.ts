import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, TEXTURE_USAGE, type Backend } from './backend.ts';
import { EMPTY_COMPUTE, clearPass, finished, greeted } from './testing/greeted.ts';
import type { GuestDevice, ScriptedGuest } from './testing/scripted-guest.ts';

/** Creating and dropping objects leaves nothing behind: not in the table, not in the accounts, not in memory. */

export interface LifetimeOptions {
  readonly open: () => Promise<Backend>;
  /** Objects of each kind. */
  readonly count: number;
  /** Of those that take the implementation long to make. */
  readonly slowCount: number;
  readonly memoryBytes: () => number;
  /** What the memory may grow by between the first half and the end. */
  readonly growthBytesMax: number;
}

const BATCH = 200;
const SLOW_KINDS = new Set(['compute pipeline', 'render pipeline']);

function makers(guest: ScriptedGuest, device: GuestDevice): Record<string, () => number> {
  const bglEntry = { binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: false, minBindingSize: 0 } } as const;
  const layout = guest.bindGroupLayout(device, [bglEntry]);
  const buffer = guest.buffer(device, { size: 256, usage: BUFFER_USAGE.UNIFORM });
  const texture = guest.texture(device, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT });
  const view = guest.view(texture);
  const module = guest.module(device, `${EMPTY_COMPUTE} @vertex fn vs() -> @builtin(position) vec4f { return vec4f(); } @fragment fn fs() -> @location(0) vec4f { return vec4f(); }`);
  const pipeline = guest.computePipeline(device, module);
  return {
    buffer: () => guest.buffer(device, { size: 65536, usage: BUFFER_USAGE.COPY_DST }),
    texture: () => guest.texture(device, { usage: TEXTURE_USAGE.TEXTURE_BINDING }),
    view: () => guest.view(texture),
    sampler: () => guest.sampler(device),
    'bind group layout': () => guest.bindGroupLayout(device, [bglEntry]),
    'pipeline layout': () => guest.pipelineLayout(device, [layout]),
    'bind group': () => guest.bindGroup(device, layout, [{ handle: buffer }]),
    'shader module': () => guest.module(device, EMPTY_COMPUTE),
    'layout of a pipeline': () => guest.layoutOf(pipeline, 0),
    'query set': () => guest.querySet(device, 8),
    'command buffer': () =>
      guest.commandBuffer(device, (w) => {
        encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(view));
        encode.recordGPURenderPassEncoderEnd(w);
      }),
    bundle: () => guest.bundle(device, (w) => encode.recordGPUDebugCommandsMixinInsertDebugMarker(w, '')),
    'compute pipeline': () => guest.computePipeline(device, module),
    'render pipeline': () => guest.renderPipeline(device, module),
  };
}

export function lifetimeSuite(name: string, options: LifetimeOptions): void {
  test(`${name}: objects that are dropped leave nothing behind`, async (t) => {
    const context = await greeted(await options.open());
    const { guest, device } = context;
    const all = makers(guest, device);
    for (const [kind, make] of Object.entries(all)) {
      const count = SLOW_KINDS.has(kind) ? options.slowCount : options.count;
      await t.test(`${count} x ${kind}`, async () => {
        const before = guest.processor.statistics();
        await churn(guest, make, count / 2);
        const halfwayBytes = options.memoryBytes();
        await churn(guest, make, count / 2);
        const grownBytes = options.memoryBytes() - halfwayBytes;
        equal(guest.end, null, JSON.stringify(guest.end));
        deepEqual(guest.processor.statistics(), before);
        ok(grownBytes <= options.growthBytesMax, `memory grew by ${grownBytes} bytes, the limit is ${options.growthBytesMax}`);
      });
    }
    await finished(context);
  });
}

/** The event loop turns between batches, as it does for a guest's commands: finalizers run there. */
async function churn(guest: ScriptedGuest, make: () => number, count: number): Promise<void> {
  for (let done = 0; done < count; done += BATCH) {
    for (let i = 0; i < BATCH; i++) guest.release(make());
    await new Promise((resolve) => setImmediate(resolve));
  }
}
