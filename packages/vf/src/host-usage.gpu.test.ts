import { equal } from 'node:assert/strict';
import { after, test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { GPUTextureFormatNames } from '@gpup/wire/enums';
import { BUFFER_USAGE, TEXTURE_USAGE } from './backend.ts';
import { finished, greeted } from './testing/greeted.ts';
import { extent } from './testing/scripted-guest.ts';
import { openTestGpu } from './testing/test-gpu.ts';

/** What the backend says of a descriptor as declared, and what a guest hears of it, must be the same. */

const backend = await openTestGpu();
const FEATURES = ['texture-compression-bc', 'texture-compression-etc2', 'texture-compression-astc', 'depth32float-stencil8', 'bgra8unorm-storage', 'rg11b10ufloat-renderable', 'float32-filterable'] as const;
const guest = (await greeted(backend)).guest;
const device = await guest.device([...FEATURES]);
const native = await ((await backend.gpu.requestAdapter()) as GPUAdapter).requestDevice({ requiredFeatures: [...FEATURES] as GPUFeatureName[] });
after(async () => {
  native.destroy();
  await finished({ guest, device });
});

/** Whether the backend accepts `action`, null where it throws. */
async function isAccepted(action: () => unknown): Promise<boolean> {
  native.pushErrorScope('validation');
  let thrown = false;
  try {
    action();
  } catch {
    thrown = true;
  }
  return (await native.popErrorScope()) === null && !thrown;
}

async function isAcceptedFromGuest(action: () => void): Promise<boolean> {
  return (await guest.errorOf(device, action)) === null;
}

const FORMATS = GPUTextureFormatNames.slice(1) as GPUTextureFormat[];
const ALL_BITS = Object.values(TEXTURE_USAGE).reduce((all, bit) => all | bit, 0);

for (const sampleCount of [1, 4]) {
  for (const dimension of ['1d', '2d', '3d'] as const) {
    test(`textures of every format and usage, ${dimension}, ${sampleCount} samples, are accepted as declared`, async () => {
      const size = dimension === '1d' ? extent(60) : dimension === '2d' ? extent(60, 60) : extent(60, 60, 2);
      const wrong: string[] = [];
      for (const format of FORMATS) {
        for (let usage = 0; usage <= ALL_BITS; usage++) {
          const descriptor = { format, usage, sampleCount, dimension, size };
          let handle = 0;
          const [direct, ours] = await Promise.all([
            isAccepted(() => native.createTexture(descriptor).destroy()),
            isAcceptedFromGuest(() => { handle = guest.texture(device, descriptor); }),
          ]);
          guest.release(handle);
          if (direct !== ours) wrong.push(`${format} usage ${usage}: direct ${direct}, ours ${ours}`);
        }
      }
      equal(wrong.join('\n'), '');
    });
  }
}

test('views of every usage and view format are accepted as if the texture had what was declared', async () => {
  const wrong: string[] = [];
  for (const [format, viewFormat] of [['rgba8unorm', 'rgba8unorm'], ['rgba8unorm', 'rgba8unorm-srgb'], ['bgra8unorm', 'bgra8unorm-srgb'], ['depth24plus-stencil8', 'depth24plus-stencil8']] as const) {
    for (let usage = 1; usage <= ALL_BITS; usage++) {
      const descriptor = { format, usage, size: extent(4, 4), viewFormats: [viewFormat] };
      if (!(await isAccepted(() => native.createTexture(descriptor).destroy()))) continue;
      const direct = native.createTexture(descriptor);
      const ours = guest.texture(device, descriptor);
      for (let viewUsage = 0; viewUsage <= ALL_BITS; viewUsage++) {
        let view = 0;
        const answers = await Promise.all([
          isAccepted(() => direct.createView({ format: viewFormat, usage: viewUsage })),
          isAcceptedFromGuest(() => { view = guest.view(ours, { format: viewFormat, usage: viewUsage }); }),
        ]);
        guest.release(view);
        if (answers[0] !== answers[1]) wrong.push(`${format} as ${viewFormat}, usage ${usage}, view ${viewUsage}: direct ${answers[0]}, ours ${answers[1]}`);
      }
      guest.release(ours);
      direct.destroy();
    }
  }
  equal(wrong.join('\n'), '');
});

test('buffers of every usage are accepted as declared', async () => {
  const wrong: string[] = [];
  for (let usage = 0; usage <= 0x7ff; usage++) {
    const descriptor = { size: 8, usage };
    let handle = 0;
    const [direct, ours] = await Promise.all([
      isAccepted(() => native.createBuffer(descriptor).destroy()),
      isAcceptedFromGuest(() => { handle = guest.buffer(device, descriptor); }),
    ]);
    guest.release(handle);
    if (direct !== ours) wrong.push(`usage ${usage}: direct ${direct}, ours ${ours}`);
  }
  equal(wrong.join('\n'), '');
});

test('buffers of every usage can be used as declared', async () => {
  const wrong: string[] = [];
  const bgls = (['uniform', 'storage', 'read-only-storage'] as const).map((type) => ({
    direct: native.createBindGroupLayout({ entries: [{ binding: 0, visibility: 4, buffer: { type } }] }),
    ours: guest.bindGroupLayout(device, [{ binding: 0, visibility: 4, buffer: { type, hasDynamicOffset: false, minBindingSize: 0 } }]),
  }));
  for (let usage = 1; usage <= 0x3ff; usage++) {
    if ((usage & (BUFFER_USAGE.MAP_READ | BUFFER_USAGE.MAP_WRITE)) !== 0) continue;
    const direct = native.createBuffer({ size: 256, usage });
    const ours = guest.buffer(device, { size: 256, usage });
    for (const [index, layout] of bgls.entries()) {
      let group = 0;
      const answers = await Promise.all([
        isAccepted(() => native.createBindGroup({ layout: layout.direct, entries: [{ binding: 0, resource: { buffer: direct } }] })),
        isAcceptedFromGuest(() => { group = guest.bindGroup(device, layout.ours, [{ handle: ours }]); }),
      ]);
      guest.release(group);
      if (answers[0] !== answers[1]) wrong.push(`usage ${usage}, layout ${index}: direct ${answers[0]}, ours ${answers[1]}`);
    }
    let commandBuffer = 0;
    const answers = await Promise.all([
      isAccepted(() => {
        const encoder = native.createCommandEncoder();
        encoder.clearBuffer(direct);
        encoder.finish();
      }),
      isAcceptedFromGuest(() => {
        commandBuffer = guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle: ours }, 0, undefined));
      }),
    ]);
    guest.release(commandBuffer, ours);
    direct.destroy();
    if (answers[0] !== answers[1]) wrong.push(`usage ${usage}, clearBuffer: direct ${answers[0]}, ours ${answers[1]}`);
  }
  equal(wrong.join('\n'), '');
});
