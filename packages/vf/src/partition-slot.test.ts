/** Contexts that draw from the page of their partition. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { mock, test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { ContextSlot, PartitionPage, pageBytes } from '@gpup/vidmm';
import { BUFFER_USAGE, TEXTURE_USAGE } from './backend.ts';
import { apertureBytes } from './host-cost.ts';
import { nullBackend } from './null/null-backend.ts';
import { NullQueue } from './null/null-queue.ts';
import { finished, type Greeted, greeted, settled } from './testing/greeted.ts';
import { extent, ScriptedGuest } from './testing/scripted-guest.ts';

const BUDGET_BYTES = 1000;
const { COPY_DST, MAP_WRITE, COPY_SRC } = BUFFER_USAGE;

function partition({ budgetBytes = BUDGET_BYTES, hostBudgetBytes }: { readonly budgetBytes?: number; readonly hostBudgetBytes?: number } = {}) {
  const buffer = new SharedArrayBuffer(pageBytes(4));
  const page = PartitionPage.create(buffer, { slotCount: 4, budgetBytes, hostBudgetBytes });
  const slot = (): ContextSlot => new ContextSlot({ buffer, slotIndex: page.allocateSlot(process.pid) as number });
  return { page, slot, enter: () => greeted(nullBackend(), { slot: slot() }) };
}

/** The class of the error that `action` leads to, or null. */
async function errorClassOf({ guest, device }: Greeted, action: () => void): Promise<string | null> {
  for (const filter of ['validation', 'out-of-memory'] as const) guest.push(device, filter);
  action();
  const caught = [await guest.pop(device), await guest.pop(device)].map((reply) => (reply.kind === 'scope' ? reply.filter : reply.kind));
  return caught.find((filter) => filter !== null) ?? null;
}

test('a guest is told the budget of its partition', async () => {
  const { guest } = await partition().enter();
  equal((guest.welcome as { vramBytes: number }).vramBytes, BUDGET_BYTES);
});

// Both sides of the last byte that is left, for each kind of allocation; buffers come in words, queries in eights.
const ALLOCATIONS: readonly (readonly [string, number, (context: Greeted, bytes: number) => void])[] = [
  ['buffer', 4, ({ guest, device }, size) => guest.buffer(device, { size, usage: COPY_DST })],
  ['texture', 1, ({ guest, device }, width) => guest.texture(device, { format: 'r8unorm', size: extent(width), usage: TEXTURE_USAGE.COPY_DST })],
  ['query set', 8, ({ guest, device }, bytes) => guest.querySet(device, bytes / 8)],
];
for (const [what, granuleBytes, allocate] of ALLOCATIONS) {
  test(`a ${what} takes the last byte of the budget that another context has left, and not one more`, async () => {
    const { page, enter } = partition();
    const [neighbour, context] = [await enter(), await enter()] as const;
    neighbour.guest.buffer(neighbour.device, { size: 600, usage: COPY_DST });
    const leftBytes = BUDGET_BYTES - 600;
    equal(await errorClassOf(context, () => allocate(context, leftBytes + granuleBytes)), 'out-of-memory');
    equal(page.usage().vramBytes, 600);
    equal(await errorClassOf(context, () => allocate(context, leftBytes)), null);
    equal(page.usage().vramBytes, BUDGET_BYTES);
    equal(await errorClassOf(neighbour, () => allocate(neighbour, granuleBytes)), 'out-of-memory');
    for (const each of [neighbour, context]) await finished(each);
    await settled();
    deepEqual([page.usage().vramBytes, page.usage().vramPeakBytes], [0, BUDGET_BYTES]);
  });
}

test('what was refused once can be had when the budget has grown, or a neighbour has freed it', async () => {
  const { page, enter } = partition();
  const [first, second] = [await enter(), await enter()] as const;
  const held = first.guest.buffer(first.device, { size: BUDGET_BYTES, usage: COPY_DST });
  const allocate = (): void => { second.guest.buffer(second.device, { size: 8, usage: COPY_DST }); };
  equal(await errorClassOf(second, allocate), 'out-of-memory');
  page.setBudgetBytes(BUDGET_BYTES + 8, 'refuse');
  equal(await errorClassOf(second, allocate), null);
  equal(await errorClassOf(second, allocate), 'out-of-memory');
  first.guest.release(held);
  equal(await errorClassOf(second, allocate), null);
});

test('while a budget shrinks what lives goes on, and nothing is added', async () => {
  const { page, enter } = partition();
  const context = await enter();
  const { guest, device } = context;
  const held = guest.buffer(device, { size: BUDGET_BYTES, usage: COPY_DST });
  equal(page.setBudgetBytes(500, 'wait').kind, 'shrinking');
  equal(await errorClassOf(context, () => guest.writeBuffer(device, held, 0, new Uint8Array(4))), null);
  equal(await errorClassOf(context, () => { guest.buffer(device, { size: 4, usage: COPY_DST }); }), 'out-of-memory');
  guest.release(held);
  equal(page.isShrinking, false);
  equal(await errorClassOf(context, () => { guest.buffer(device, { size: 500, usage: COPY_DST }); }), null);
});

// A buffer that cannot be mapped is written through a copy.
for (const [what, usage, factor] of [['cannot', COPY_DST, 2], ['can', MAP_WRITE | COPY_SRC, 1]] as const) {
  test(`a buffer that ${what} be mapped counts ${factor} times while it is mapped at creation`, async () => {
    const { page, enter } = partition();
    const context = await enter();
    const { guest, device } = context;
    const sizeBytes = Math.floor(BUDGET_BYTES / factor / 4) * 4;
    const create = (size: number): number => guest.buffer(device, { size, usage, mappedAtCreation: true });
    equal(await errorClassOf(context, () => { create(sizeBytes + 4); }), 'out-of-memory');
    let buffer = 0;
    equal(await errorClassOf(context, () => { buffer = create(sizeBytes); }), null);
    equal(page.usage().vramBytes, sizeBytes * factor);
    guest.post((w) => encode.encodeGPUBufferUnmap(w, buffer));
    equal(page.usage().vramBytes, sizeBytes);
    guest.release(buffer);
    equal(page.usage().vramBytes, 0);
  });
}

for (const end of ['destroy', 'release', 'device'] as const) {
  test(`the copy of a buffer that is still mapped goes with it (${end})`, async () => {
    const { page, enter } = partition();
    const { guest, device } = await enter();
    const buffer = guest.buffer(device, { size: 100, usage: COPY_DST, mappedAtCreation: true });
    equal(page.usage().vramBytes, 200);
    if (end === 'destroy') guest.post((w) => encode.encodeGPUBufferDestroy(w, buffer));
    else if (end === 'release') guest.release(buffer);
    else guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
    equal(page.usage().vramBytes, 0);
  });
}

test('the largest allocations are told by label, mapped copies included', async () => {
  const { guest, device } = await partition({ budgetBytes: 10_000 }).enter();
  guest.buffer(device, { size: 300, usage: COPY_DST, label: 'weights' });
  guest.texture(device, { size: extent(10, 10), usage: TEXTURE_USAGE.COPY_DST, label: `albedo${'x'.repeat(1000)}` });
  guest.querySet(device, 16);
  guest.buffer(device, { size: 160, usage: COPY_DST, label: 'upload', mappedAtCreation: true });
  guest.post((w) => encode.encodeGPUBufferDestroy(w, guest.buffer(device, { size: 4000, usage: COPY_DST, label: 'gone' })));
  guest.sampler(device);
  const all = guest.processor.largestAllocations(10);
  deepEqual(all.map(({ kind, bytes }) => [kind, bytes]), [['texture', 400], ['buffer', 320], ['buffer', 300], ['query-set', 128]]);
  deepEqual(all.map(({ label }) => label.slice(0, 7)), ['albedox', 'upload', 'weights', '']);
  equal(all[0]?.label.length, 128);
  deepEqual(guest.processor.largestAllocations(2), all.slice(0, 2));
  deepEqual(guest.processor.largestAllocations(0), []);
});

test('what an object makes the host hold is free with it', async () => {
  const { guest, device } = await partition().enter();
  const before = guest.processor.statistics().hostBytes;
  const module = guest.module(device, '@compute @workgroup_size(1) fn main() {}');
  const objects = [module, guest.computePipeline(device, module), guest.sampler(device), guest.commandBuffer(device, () => {}), guest.bundle(device, () => {})];
  guest.post((w) => encode.encodeObjectSetLabel(w, module, 'x'.repeat(1000)));
  guest.post((w) => encode.encodeObjectSetLabel(w, module, 'x'));
  ok(guest.processor.statistics().hostBytes > before);
  guest.release(...objects);
  equal(guest.processor.statistics().hostBytes, before);
});

const LEFT_BYTES = 256 * 2 ** 10;

/** A context with little room left. */
async function crowded(): Promise<Greeted> {
  const { page, slot } = partition({ hostBudgetBytes: 2 ** 30 });
  const context = await greeted(nullBackend(), { slot: slot() });
  page.setHostBudgetBytes(page.hostUsedBytes() + LEFT_BYTES, 'refuse');
  return context;
}

const WORDY = `@compute @workgroup_size(1) fn main() {} //${'x'.repeat(1000)}`;

const HOARDS: readonly (readonly [string, (context: Greeted) => void])[] = [
  ['objects', ({ guest, device }) => guest.sampler(device)],
  ['labels', ({ guest, device }) => guest.post((w) => encode.encodeObjectSetLabel(w, guest.sampler(device), 'x'.repeat(60_000)))],
  ['shaders', ({ guest, device }) => guest.module(device, `fn f() {} //${'x'.repeat(5000)}`)],
  ['pipelines of one module', (() => {
    let module: number | null = null;
    return ({ guest, device }: Greeted) => {
      module ??= guest.module(device, WORDY);
      guest.computePipeline(device, module);
    };
  })()],
  ['command buffers', ({ guest, device }) => guest.commandBuffer(device, () => {})],
  ['requests', ({ guest, device }) => void guest.done(device)],
  ['error scopes', ({ guest, device }) => guest.push(device, 'validation')],
];
for (const [what, hoard] of HOARDS) {
  test(`a guest that hoards ${what} loses its context, with the value and the limit`, async () => {
    const context = await crowded();
    const { guest } = context;
    for (let i = 0; i < 1000 && guest.end === null; i++) hoard(context);
    equal(guest.end?.type === 'fault' && guest.end.code, 'host-memory');
    match(guest.contextLost?.message ?? '', /makes the host hold \d+ bytes and needs \d+ more; its partition uses \d+ bytes, the limit is \d+\./);
  });
}

test('a context whose aperture has no room ends before it has begun', () => {
  const needed = apertureBytes(new Uint8Array(1 << 20));
  for (const [hostBudgetBytes, isEnded] of [[needed, false], [needed - 1, true]] as const) {
    const guest = new ScriptedGuest({ backend: nullBackend(), slot: partition({ hostBudgetBytes }).slot() });
    equal(guest.processor.isEnded, isEnded);
    equal(guest.end?.type === 'fault' ? guest.end.code : null, isEnded ? 'host-memory' : null);
  }
});

test('writes in flight hold the guest up before they fill the budget', async () => {
  mock.method(NullQueue.prototype, 'onSubmittedWorkDone', () => new Promise(() => {}));
  try {
    const { page, slot } = partition({ hostBudgetBytes: 8 * 2 ** 20 });
    const { guest, device } = await greeted(nullBackend(), { slot: slot() });
    const target = guest.buffer(device, { size: 512, usage: COPY_DST });
    const before = page.hostUsedBytes();
    for (let i = 0; i < 10_000 && !guest.link.isPaused; i++) guest.writeBuffer(device, target, 0, new Uint8Array(512));
    ok(guest.link.isPaused);
    equal(guest.end, null);
    ok(page.hostUsedBytes() - before <= 2 ** 20 + 2 ** 19 + 512);
  } finally {
    mock.restoreAll();
  }
});

test('a slot says that packets are executed, submits done and faults made', async () => {
  const { page, slot } = partition();
  const { guest, device } = await greeted(nullBackend(), { slot: slot() });
  equal(page.slot(0).packetSerial % 2, 0);
  const { packetSerial } = page.slot(0);
  let inside = 0;
  const submit = mock.method(NullQueue.prototype, 'submit', () => { inside = page.slot(0).packetSerial; });
  guest.submit(device);
  guest.submit(device);
  submit.mock.restore();
  deepEqual([inside, page.slot(0).packetSerial], [packetSerial + 3, packetSerial + 4]);
  deepEqual([page.slot(0).submitCount, page.slot(0).guiltyDevice], [2, device.handle]);
  notEqual(page.slot(0).oldestSubmitMs, null);
  await guest.done(device);
  await settled();
  deepEqual([page.slot(0).completedCount, page.slot(0).oldestSubmitMs, page.slot(0).guiltyDevice], [2, null, 0]);
  equal(page.slot(0).faultCount, 0);
  guest.raw(9999, 2);
  deepEqual([page.slot(0).faultCount, page.slot(0).packetSerial % 2], [1, 0]);
});
