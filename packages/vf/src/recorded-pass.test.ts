import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, TEXTURE_USAGE } from './backend.ts';
import { nullBackend } from './null/null-backend.ts';
import { clearPass, greeted, settled, type Greeted } from './testing/greeted.ts';
import { recorded, ScriptedGuest } from './testing/scripted-guest.ts';

const LAYOUT = { label: '', colorFormats: ['rgba8unorm'], sampleCount: 1, depthReadOnly: false, stencilReadOnly: false } as const;
const EAGER = 1;

type Record = (w: Writer) => void;

function define({ guest, device }: Greeted, record: Record, flags = EAGER): number {
  const result = guest.handle();
  const block = recorded(record);
  guest.post((w) => encode.encodeRecordedPassDefine(w, device.handle, result, LAYOUT, flags, block));
  return result;
}

function draws({ guest, device }: Greeted, count: number): { readonly buffer: number; readonly record: Record } {
  const buffer = guest.buffer(device, { size: 16, usage: BUFFER_USAGE.VERTEX });
  return {
    buffer,
    record: (w) => {
      encode.recordGPURenderCommandsMixinSetVertexBuffer(w, 0, { handle: buffer }, 0, 16);
      for (let i = 0; i < count; i++) encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
    },
  };
}

function view({ guest, device }: Greeted): number {
  return guest.view(guest.texture(device, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT }));
}

function inPass(target: number, body: Record): Record {
  return (w) => {
    encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(target));
    body(w);
    encode.recordGPURenderPassEncoderEnd(w);
  };
}

const replay = (pass: number): Record => (w) => encode.recordRecordedPassReplay(w, { handle: pass });
const draw: Record = (w) => encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
const scissor: Record = (w) => encode.recordGPURenderPassEncoderSetScissorRect(w, 0, 0, 1, 1);

async function opened(limits: ConstructorParameters<typeof ScriptedGuest>[0]['limits'] = {}): Promise<Greeted> {
  return greeted(nullBackend(), { limits });
}

function faultOf({ guest }: Greeted): string | null {
  return guest.end?.type === 'fault' ? guest.end.code : null;
}

test('a pass that is asked for at once is replayed by bundles, and the guest is not read before', async () => {
  const context = await opened();
  const { guest, device } = context;
  const pass = define(context, draws(context, 2).record);
  equal(guest.link.isPaused, true);
  await settled();
  equal(guest.link.isPaused, false);
  equal(guest.processor.bundles().count, 1);
  equal(await guest.errorOf(device, () => guest.run(device, inPass(view(context), replay(pass)))), null);
  equal(guest.end, null);
});

test('short passes get no bundles unless they are asked for, long ones do', async () => {
  const context = await opened();
  define(context, draws(context, 2).record, 0);
  equal(context.guest.processor.bundles().count, 0);
  define(context, draws(context, 16).record, 0);
  equal(context.guest.link.isPaused, false);
  equal(context.guest.processor.bundles().count, 1);
});

test('what a pass does wrong is an error of each encoder that replays it, and of nothing else', async () => {
  const context = await opened();
  const { guest, device } = context;
  const invalid = guest.buffer(device, { size: 4, usage: 0 });
  await settled();
  guest.uncaptured.length = 0;
  const pass = define(context, (w) => {
    encode.recordGPURenderCommandsMixinSetVertexBuffer(w, 0, { handle: invalid }, 0, 4);
    draw(w);
  });
  await settled();
  deepEqual(guest.uncaptured, []);
  equal(guest.processor.bundles().count, 0);
  const target = view(context);
  for (let i = 0; i < 2; i++) notEqual(await guest.errorOf(device, () => guest.commandBuffer(device, inPass(target, replay(pass)))), null);
});

test('a destroyed buffer in a recorded pass is an error of the submit', async () => {
  const context = await opened();
  const { guest, device } = context;
  const { buffer, record } = draws(context, 16);
  const pass = define(context, record);
  await settled();
  const commandBuffer = guest.commandBuffer(device, inPass(view(context), replay(pass)));
  guest.post((w) => encode.encodeGPUBufferDestroy(w, buffer));
  notEqual(await guest.errorOf(device, () => guest.submit(device, commandBuffer)), null);
});

for (const [name, misplaced] of Object.entries({
  'behind a command': (pass: number): Record => (w) => { draw(w); replay(pass)(w); },
  'in front of a command': (pass: number): Record => (w) => { replay(pass)(w); draw(w); },
  'in front of dynamic state': (pass: number): Record => (w) => { replay(pass)(w); scissor(w); },
  twice: (pass: number): Record => (w) => { replay(pass)(w); replay(pass)(w); },
})) {
  test(`a replay ${name} is a fault`, async () => {
    const context = await opened();
    const pass = define(context, draws(context, 2).record);
    await settled();
    context.guest.commandBuffer(context.device, inPass(view(context), misplaced(pass)));
    equal(faultOf(context), 'command-scope');
  });
}

test('a replay outside of a render pass is a fault', async () => {
  for (const wrap of [(body: Record): Record => body, (body: Record): Record => (w) => { encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' }); body(w); }]) {
    const context = await opened();
    const pass = define(context, draws(context, 2).record);
    await settled();
    context.guest.commandBuffer(context.device, wrap(replay(pass)));
    equal(faultOf(context), 'command-scope');
  }
  const context = await opened();
  const pass = define(context, draws(context, 2).record);
  await settled();
  context.guest.bundle(context.device, replay(pass));
  equal(faultOf(context), 'command-scope');
});

test('a definition with anything but commands of a render pass is a fault', async () => {
  const others: Record[] = [
    (w) => encode.recordGPURenderPassEncoderEnd(w),
    (w) => encode.recordGPUComputePassEncoderEnd(w),
    (w) => encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1),
    (w) => encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' }),
  ];
  for (const record of others) {
    const context = await opened();
    define(context, record);
    equal(faultOf(context), 'command-scope');
  }
  const context = await opened();
  const inner = define(context, draw);
  await settled();
  define(context, replay(inner));
  equal(faultOf(context), 'command-scope');
});

test('a pass cannot be replayed once a handle in it is released, even if the slot has another object', async () => {
  const context = await opened();
  const { guest, device } = context;
  const { buffer, record } = draws(context, 2);
  const pass = define(context, record);
  await settled();
  const target = view(context);
  guest.release(buffer);
  guest.buffer(device, { size: 16, usage: BUFFER_USAGE.VERTEX });
  guest.commandBuffer(device, inPass(target, replay(pass)));
  equal(faultOf(context), 'stale-handle');
});

test('what a released pass named goes with the last command buffer that replays it', async () => {
  const context = await opened();
  const { guest, device } = context;
  const { vramBytes } = guest.processor.statistics();
  const { buffer, record } = draws(context, 2);
  const pass = define(context, record);
  await settled();
  const target = view(context);
  const commandBuffer = guest.commandBuffer(device, inPass(target, replay(pass)));
  const before = guest.processor.statistics().vramBytes;
  guest.release(buffer, pass);
  equal(guest.processor.statistics().vramBytes, before);
  equal(guest.processor.bundles().count, 1);
  equal(await guest.errorOf(device, () => guest.submit(device, commandBuffer)), null);
  equal(guest.processor.statistics().vramBytes, before - 16);
  deepEqual(guest.processor.bundles(), { count: 0, words: 0 });
  equal(vramBytes, 0);
});

test('passes beyond the limits get no bundles, and room again when others go', async () => {
  const context = await opened({ replayBundleCountMax: 2, replayBundleWordsMax: 1000 });
  const { guest, device } = context;
  const { record } = draws(context, 16);
  const passes = Array.from({ length: 20 }, () => define(context, record, 0));
  await settled();
  equal(guest.processor.bundles().count, 2);
  equal(await guest.errorOf(device, () => guest.run(device, inPass(view(context), replay(passes[19] as number)))), null);
  guest.release(...passes);
  equal(guest.processor.bundles().count, 0);
  define(context, draws(context, 200).record, 0);
  equal(guest.processor.bundles().count, 0, 'too many words');
  equal(guest.end, null);
});

test('a command buffer that replays a pass is built again, also once the pass and what it names are released', async () => {
  const context = await opened();
  const { guest, device } = context;
  const { buffer, record } = draws(context, 16);
  const pass = define(context, record);
  await settled();
  const commandBuffer = guest.commandBuffer(device, inPass(view(context), replay(pass)));
  guest.release(buffer, pass);
  const target = new ScriptedGuest({ backend: nullBackend() });
  await target.processor.restore(guest.processor.journal());
  await settled();
  deepEqual(target.processor.statistics(), guest.processor.statistics());
  deepEqual(target.processor.bundles(), guest.processor.bundles());
  equal(await target.errorOf(device, () => target.post((w) => encode.encodeGPUQueueSubmit(w, device.queue, [commandBuffer]))), null);
  equal(target.end, null);
});

test('a pass of a device that is lost is defined and replayed without a word', async () => {
  const context = await opened();
  const { guest, device } = context;
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  await settled();
  const pass = define(context, draws(context, 16).record);
  await settled();
  guest.run(device, inPass(view(context), replay(pass)));
  await settled();
  equal(guest.end, null);
  deepEqual(guest.uncaptured, []);
});
