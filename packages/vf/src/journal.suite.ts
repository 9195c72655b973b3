import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, TEXTURE_USAGE, type Backend } from './backend.ts';
import { CommandProcessor } from './command-processor.ts';
import { EMPTY_COMPUTE, bytes, greeted, settled } from './testing/greeted.ts';
import { MemoryLink } from './testing/memory-link.ts';
import { computeDescriptor, type GuestDevice, ScriptedGuest } from './testing/scripted-guest.ts';

/** Moves a guest to a new processor on a new backend. */
async function rebuilt(guest: ScriptedGuest, backend: Backend): Promise<ScriptedGuest> {
  const target = new ScriptedGuest({ backend });
  await target.processor.restore(guest.processor.journal());
  equal(target.end, null, JSON.stringify(target.end));
  return target;
}

/** The target's own numbering does not matter, the order does. */
function tableOf(guest: ScriptedGuest): unknown {
  const { entries, states } = guest.processor.journal();
  return { packets: entries.map(({ packet }) => [...packet]), states: states.map(({ handle, state, label }) => ({ handle, state, label })) };
}

async function everyKind(guest: ScriptedGuest, device: GuestDevice): Promise<void> {
  const buffer = guest.buffer(device, { size: 256, usage: BUFFER_USAGE.UNIFORM });
  const layout = guest.bindGroupLayout(device, [{ binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: false, minBindingSize: 0 } }]);
  guest.pipelineLayout(device, [layout]);
  guest.bindGroup(device, layout, [{ handle: buffer }]);
  guest.sampler(device);
  guest.view(guest.texture(device, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT }));
  guest.querySet(device, 4);
  const module = guest.module(device, EMPTY_COMPUTE);
  guest.layoutOf(guest.computePipeline(device, module), 0);
  guest.renderPipeline(device, module);
  const later = guest.handle();
  await guest.ask((w, request) => encode.encodeGPUDeviceCreateComputePipelineAsync(w, device.handle, request, later, computeDescriptor(module)));
  guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle: guest.buffer(device, { size: 4, usage: BUFFER_USAGE.COPY_DST }) }, 0, 4));
  guest.bundle(device, (w) => encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0));
}

/** `open` opens another backend, or the same one again. */
export function journalSuite(name: string, open: () => Promise<Backend>): void {
  test(`${name}: a context with an object of every kind is built again`, async () => {
    const { guest, device } = await greeted(await open());
    await everyKind(guest, device);
    const target = await rebuilt(guest, await open());
    deepEqual(tableOf(target), tableOf(guest));
    deepEqual(target.processor.statistics(), guest.processor.statistics());
  });

  test(`${name}: objects without a handle, and slots used again, are built again`, async () => {
    const { guest, device } = await greeted(await open());
    const layout = guest.bindGroupLayout(device, [{ binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: false, minBindingSize: 0 } }]);
    for (let i = 0; i < 5; i++) {
      const buffer = guest.buffer(device, { size: 256, usage: BUFFER_USAGE.UNIFORM, label: `buffer ${i}` });
      guest.bindGroup(device, layout, [{ handle: buffer }]);
      guest.release(buffer);
    }
    const target = await rebuilt(guest, await open());
    deepEqual(tableOf(target), tableOf(guest));
    equal(target.processor.statistics().vramBytes, 5 * 256);
  });

  test(`${name}: destroyed, refused and renamed objects, and lost devices, are so again`, async () => {
    const { guest, device } = await greeted(await open(), { limits: { vramBytes: 1000 } });
    const destroyed = guest.buffer(device, { size: 16, usage: BUFFER_USAGE.COPY_DST });
    guest.push(device, 'out-of-memory');
    const refused = guest.buffer(device, { size: 2000, usage: BUFFER_USAGE.COPY_DST });
    await guest.pop(device);
    guest.post((w) => {
      encode.encodeGPUBufferDestroy(w, destroyed);
      encode.encodeObjectSetLabel(w, destroyed, 'renamed');
    });
    const lost = await guest.device();
    guest.buffer(lost, { size: 16, usage: BUFFER_USAGE.COPY_DST });
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, lost.handle));
    await settled();
    const target = await rebuilt(guest, await open());
    deepEqual(tableOf(target), tableOf(guest));
    equal(target.processor.statistics().vramBytes, 0);
    notEqual(await target.errorOf(device, () => target.writeBuffer(device, refused, 0, bytes(0, 0, 0, 0))), null);
  });

  test(`${name}: errors of the first time are not reported again`, async () => {
    const { guest, device } = await greeted(await open());
    equal(typeof (await guest.errorOf(device, () => { guest.buffer(device, { size: 4, usage: 0 }); guest.module(device, 'not wgsl'); })), 'string');
    const target = await rebuilt(guest, await open());
    await settled();
    deepEqual(target.uncaptured, []);
    const popped = await target.pop(device);
    equal(popped.kind === 'error' && popped.name, 'OperationError', 'no scope of the playback is left');
  });

  test(`${name}: a command buffer that was recorded before can be submitted after`, async () => {
    const { guest, device } = await greeted(await open());
    const [source, destination] = [0, 1].map(() => guest.buffer(device, { size: 4, usage: BUFFER_USAGE.COPY_DST | BUFFER_USAGE.COPY_SRC })) as [number, number];
    const commandBuffer = guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: source }, 0, { handle: destination }, 0, 4));
    const target = await rebuilt(guest, await open());
    target.writeBuffer(device, source, 0, bytes(1, 2, 3, 4));
    target.post((w) => encode.encodeGPUQueueSubmit(w, device.queue, [commandBuffer]));
    // Handles of the target's own must not meet those of the journal.
    while (target.handle() < commandBuffer + 1);
    deepEqual(await target.contents(device, destination, 4), bytes(1, 2, 3, 4));
  });

  test(`${name}: what is submitted or released leaves the journal`, async () => {
    const { guest, device } = await greeted(await open());
    const { journalBytes } = guest.processor.statistics();
    guest.submit(device, guest.commandBuffer(device, () => {}));
    guest.release(guest.buffer(device, { size: 4, usage: BUFFER_USAGE.COPY_DST }));
    equal(guest.processor.statistics().journalBytes, journalBytes);
  });

  test(`${name}: a backend that cannot make the objects again says so`, async () => {
    const { guest } = await greeted(await open());
    const backend = await open();
    const gpu = { requestAdapter: async () => null } as unknown as GPU;
    const processor = new CommandProcessor({ link: new MemoryLink(null), backend: { ...backend, gpu }, report: () => {} });
    await rejects(processor.restore(guest.processor.journal()));
  });
}
