import { notEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, MAP_MODE, TEXTURE_USAGE } from './backend.ts';
import { nullBackend } from './null/null-backend.ts';
import { EMPTY_COMPUTE, clearPass, settled } from './testing/greeted.ts';
import { MemoryLink } from './testing/memory-link.ts';
import { ScriptedGuest, computeDescriptor, extent } from './testing/scripted-guest.ts';

/**
 * Packets of an honest session with a few words changed. The seed is the whole reproduction: one that
 * fails is added to the list and stays.
 */
const REGRESSION_SEEDS = [1, 2026];
const SESSION_COUNT = 1500;

/** A small generator with a known sequence: xorshift32. */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

async function honestSession(): Promise<Uint32Array[]> {
  const guest = new ScriptedGuest({ backend: nullBackend() });
  const packets: Uint32Array[] = [];
  const deliver = guest.link.deliver.bind(guest.link);
  guest.link.deliver = (packet) => {
    packets.push(packet.slice());
    deliver(packet);
  };
  guest.hello();
  const device = await guest.device();
  const buffer = guest.buffer(device, { size: 256, usage: BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST | BUFFER_USAGE.COPY_SRC, label: 'a buffer' });
  const readBack = guest.buffer(device, { size: 256, usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST });
  guest.writeBuffer(device, buffer, 0, new Uint8Array(64));
  const texture = guest.texture(device, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT | TEXTURE_USAGE.COPY_DST });
  const view = guest.view(texture);
  guest.post((w) => encode.encodeGPUQueueWriteTexture(w, device.queue, { handle: texture }, 0, { x: 0, y: 0, z: 0 }, 'all', { offset: 0, bytesPerRow: 16 }, extent(4, 4), 0, new Uint8Array(64)));
  const module = guest.module(device, EMPTY_COMPUTE);
  const pipeline = guest.computePipeline(device, module);
  const render = guest.renderPipeline(device, module);
  const layout = guest.bindGroupLayout(device, [{ binding: 0, visibility: 4, buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: 0 } }]);
  guest.pipelineLayout(device, [layout]);
  const group = guest.bindGroup(device, layout, [{ buffer: { handle: buffer }, offset: 0, size: 16 }]);
  const later = guest.handle();
  await guest.ask((w, request) => encode.encodeGPUDeviceCreateComputePipelineAsync(w, device.handle, request, later, computeDescriptor(module)));
  const bundle = guest.bundle(device, (w) => encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0));
  guest.push(device, 'validation');
  guest.inject(device, 'validation', 'an error');
  guest.run(device, (w) => {
    encode.recordGPUCommandEncoderBeginComputePass(w, { label: 'a pass' });
    encode.recordGPUComputePassEncoderSetPipeline(w, { handle: pipeline });
    encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: group }, [0]);
    encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
    encode.recordGPUComputePassEncoderEnd(w);
    encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(view));
    encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: render });
    encode.recordGPURenderPassEncoderExecuteBundles(w, [{ handle: bundle }]);
    encode.recordGPURenderPassEncoderEnd(w);
    encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: buffer }, 0, { handle: readBack }, 0, 64);
  });
  await guest.pop(device);
  await guest.map(readBack, MAP_MODE.READ, { size: 64, into: 0 });
  guest.post((w) => {
    encode.encodeGPUBufferUnmap(w, readBack);
    encode.encodeObjectSetLabel(w, buffer, 'another label');
    encode.encodeGPUBufferDestroy(w, buffer);
    encode.encodeContextRelease(w, [view, texture, group]);
    encode.encodeGPUDeviceDestroy(w, device.handle);
  });
  return packets;
}

/** Values that are more often wrong in an interesting way than random ones. */
const EDGES = [0, 1, 2, 3, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffe, 0x10000, 1 << 20];

function mutate(packet: Uint32Array, random: () => number): Uint32Array {
  const changed = packet.slice();
  const count = 1 + (random() % 3);
  for (let i = 0; i < count; i++) {
    const at = random() % changed.length;
    if (at === 1) continue;
    const word = changed[at] as number;
    const choice = random() % 4;
    if (choice === 0) changed[at] = EDGES[random() % EDGES.length] as number;
    else if (choice === 1) changed[at] = word ^ (1 << (random() % 32));
    else if (choice === 2) changed[at] = word + 1;
    else changed[at] = random();
  }
  return changed;
}

for (const seed of [...REGRESSION_SEEDS, Date.now() % 1_000_000]) {
  test(`no packet makes the processor fail by itself, seed ${seed}`, async () => {
    const packets = await honestSession();
    const random = generator(seed);
    for (let session = 0; session < SESSION_COUNT; session++) {
      const victim = random() % packets.length;
      const guest = new ScriptedGuest({ backend: nullBackend({ memoryBytesMax: 1 << 24 }), heapBytes: 4096 });
      for (const [index, packet] of packets.entries()) {
        guest.link.isPaused = false;
        guest.link.deliver(index === victim || random() % 40 === 0 ? mutate(packet, random) : packet);
        // Whatever the backend answers by now: devices, pipelines, maps.
        await null;
        await null;
        await null;
      }
      ok(guest.end === null || guest.end.type !== 'bug', `session ${session}: ${guest.end?.type === 'bug' ? String((guest.end.error as Error).stack) : ''}`);
    }
    await settled();
  });
}

test('the honest session is honest', async () => {
  const guest = new ScriptedGuest({ backend: nullBackend() });
  for (const packet of await honestSession()) {
    guest.link.deliver(packet);
    await settled();
  }
  notEqual(guest.end?.type, 'fault', JSON.stringify(guest.end));
  ok(guest.link instanceof MemoryLink);
});
