import { deepEqual, equal, notEqual } from 'node:assert/strict';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, MAP_MODE, TEXTURE_USAGE } from './backend.ts';
import { type Check, bytes, clearPass } from './testing/greeted.ts';
import { computeDescriptor, extent } from './testing/scripted-guest.ts';

const { COPY_DST, MAP_READ, UNIFORM, VERTEX } = BUFFER_USAGE;
const COMPUTE = 4;

/** Whose memory counts for how long, and what a guest is told that has none left. */
export function memoryChecks(check: Check): void {
  check('a buffer outlives its handle in a bind group, and no longer', async ({ guest, device }) => {
    const layout = guest.bindGroupLayout(device, [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: false, minBindingSize: 0 } }]);
    const buffer = guest.buffer(device, { size: 256, usage: UNIFORM });
    const pipelineLayout = guest.pipelineLayout(device, [layout]);
    const module = guest.module(device, '@group(0) @binding(0) var<uniform> u: u32; @compute @workgroup_size(1) fn main() { _ = u; }');
    const pipeline = guest.handle();
    guest.post((w) => encode.encodeGPUDeviceCreateComputePipeline(w, device.handle, pipeline, { ...computeDescriptor(module), layout: { handle: pipelineLayout } }));
    const group = guest.bindGroup(device, layout, [{ buffer: { handle: buffer }, offset: 0 }]);
    guest.release(buffer);
    equal(guest.processor.statistics().vramBytes, 256);
    const dispatch = (): void => guest.run(device, (w) => {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUComputePassEncoderSetPipeline(w, { handle: pipeline });
      encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: group }, []);
      encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
      encode.recordGPUComputePassEncoderEnd(w);
    });
    equal(await guest.errorOf(device, dispatch), null);
    guest.release(group);
    equal(guest.processor.statistics().vramBytes, 0);
  });

  check('a texture outlives its handle in a view and in a command buffer', async ({ guest, device }) => {
    const texture = guest.texture(device, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT });
    const view = guest.view(texture);
    guest.release(texture);
    const commandBuffer = guest.commandBuffer(device, (w) => {
      encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(view));
      encode.recordGPURenderPassEncoderEnd(w);
    });
    guest.release(view);
    equal(guest.processor.statistics().vramBytes, 64);
    equal(await guest.errorOf(device, () => guest.submit(device, commandBuffer)), null);
    equal(guest.processor.statistics().vramBytes, 0);
    equal(guest.processor.statistics().handleCount, 3);
    equal(guest.processor.statistics().recordCount, 3);
  });

  check('destroy() gives memory back though the handle stays', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 1024, usage: COPY_DST });
    const set = guest.querySet(device, 16);
    equal(guest.processor.statistics().vramBytes, 1024 + 16 * 8);
    guest.post((w) => {
      encode.encodeGPUBufferDestroy(w, buffer);
      encode.encodeGPUBufferDestroy(w, buffer);
      encode.encodeGPUQuerySetDestroy(w, set);
    });
    equal(guest.processor.statistics().vramBytes, 0);
    let commandBuffer = 0;
    equal(await guest.errorOf(device, () => {
      commandBuffer = guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle: buffer }, 0, 4));
    }), null);
    notEqual(await guest.errorOf(device, () => guest.submit(device, commandBuffer)), null);
    guest.release(buffer, set);
    equal(guest.processor.statistics().recordCount, 3);
  });

  check('a device that is dropped lives on in its buffers', async ({ guest }) => {
    const second = await guest.device();
    const buffer = guest.buffer(second, { size: 4, usage: COPY_DST });
    guest.release(second.handle, second.queue, second.adapter);
    equal(guest.processor.statistics().deviceCount, 2);
    guest.post((w) => encode.encodeGPUBufferDestroy(w, buffer));
    guest.release(buffer);
    equal(guest.processor.statistics().deviceCount, 1);
  });

  // Budget

  check('a context over its budget is out of memory, and the object is invalid', async ({ guest, device }) => {
    const first = guest.buffer(device, { size: 600, usage: COPY_DST });
    guest.push(device, 'out-of-memory');
    const second = guest.buffer(device, { size: 600, usage: COPY_DST });
    const popped = await guest.pop(device);
    equal(popped.kind === 'scope' && popped.filter, 'out-of-memory');
    notEqual(await guest.errorOf(device, () => guest.writeBuffer(device, second, 0, bytes(0, 0, 0, 0))), null);
    guest.push(device, 'out-of-memory');
    guest.texture(device, { size: extent(64, 64), usage: TEXTURE_USAGE.COPY_DST });
    const texture = await guest.pop(device);
    equal(texture.kind === 'scope' && texture.filter, 'out-of-memory');
    guest.release(first, second);
    equal(guest.processor.statistics().vramBytes, 0);
    guest.push(device, 'out-of-memory');
    guest.buffer(device, { size: 1000, usage: COPY_DST });
    deepEqual(await guest.pop(device), { kind: 'scope', filter: null, message: '' });
  }, { limits: { vramBytes: 1000 } });

  check('a buffer beyond the limits of the device is a validation error, whatever the budget', async ({ guest, device }) => {
    notEqual(await guest.errorOf(device, () => { guest.buffer(device, { size: 2 ** 50, usage: COPY_DST }); }), null);
    notEqual(await guest.errorOf(device, () => { guest.texture(device, { size: extent(2 ** 20, 2 ** 20), usage: 2 }); }), null);
    equal(guest.processor.statistics().vramBytes, 0);
  }, { limits: { vramBytes: 1000 } });

  check('a guest over its mapped bytes is refused', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 64, usage: MAP_READ | COPY_DST });
    const reply = await guest.map(buffer, MAP_MODE.READ, { size: 64 });
    equal(reply.kind === 'error' && reply.name, 'OperationError');
    guest.push(device, 'out-of-memory');
    guest.buffer(device, { size: 64, usage: VERTEX, mappedAtCreation: true });
    const popped = await guest.pop(device);
    equal(popped.kind === 'scope' && popped.filter, 'out-of-memory');
    equal((await guest.map(buffer, MAP_MODE.READ, { size: 32 })).kind, 'data');
  }, { limits: { mappedBytesMax: 32 } });
}
