import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { handles } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, MAP_MODE, TEXTURE_USAGE, type Backend } from './backend.ts';
import { memoryChecks } from './processor-memory.suite.ts';
import { EMPTY_COMPUTE, bytes, checker, settled } from './testing/greeted.ts';
import { type GuestDevice, type Reply, type ScriptedGuest, computeDescriptor, extent } from './testing/scripted-guest.ts';

/** What every backend must do under a command processor. */

const { COPY_SRC, COPY_DST, MAP_READ, MAP_WRITE, UNIFORM, STORAGE, VERTEX } = BUFFER_USAGE;
const ORIGIN = { x: 0, y: 0, z: 0 };

export function processorSuite(name: string, open: () => Promise<Backend>): void {
  const check = checker(name, open);

  check('tells a guest what the backend is and what the adapter has', async ({ guest }) => {
    const welcome = guest.welcome as { wgslLanguageFeatures: string[]; preferredCanvasFormat: string };
    ok(Array.isArray(welcome.wgslLanguageFeatures));
    match(welcome.preferredCanvasFormat, /^(bgra|rgba)8unorm$/);
    const options = { featureLevel: 'core', forceFallbackAdapter: false, xrCompatible: false };
    const reply = await guest.ask((w, request) => encode.encodeGPURequestAdapter(w, request, guest.handle(), options));
    equal(reply.kind, 'json');
    const { adapter } = (reply as { value: { adapter: { features: string[]; limits: Record<string, number>; info: { isFallbackAdapter: boolean } } } }).value;
    ok(adapter.features.includes('core-features-and-limits'));
    ok((adapter.limits['maxBufferSize'] ?? 0) >= 2 ** 28);
    equal(adapter.info.isFallbackAdapter, true);
  });

  check('an adapter that does not exist is null, and its handle is free again', async ({ guest }) => {
    const handle = guest.handle();
    const ask = (featureLevel: string): Promise<Reply> =>
      guest.ask((w, request) => encode.encodeGPURequestAdapter(w, request, handle, { featureLevel, forceFallbackAdapter: false, xrCompatible: false }));
    deepEqual(await ask('no such level'), { kind: 'json', value: { adapter: null } });
    equal(((await ask('core')) as { value: { adapter: object | null } }).value.adapter === null, false);
  });

  check('a second device from the same adapter is refused, and its handles are free again', async ({ guest, device }) => {
    const second = { adapter: device.adapter, handle: guest.handle(), queue: guest.handle() };
    const reply = await guest.requestDevice(second);
    equal(reply.kind === 'error' && reply.name, 'OperationError');
    const adapter = await guest.adapter();
    equal((await guest.requestDevice({ ...second, adapter })).kind, 'json');
  });

  check('a feature or a limit that the adapter lacks is refused', async ({ guest }) => {
    const request = async (limits: readonly (readonly [string, number])[]): Promise<Reply> =>
      guest.requestDevice({ adapter: await guest.adapter(), handle: guest.handle(), queue: guest.handle() }, [], limits);
    equal((await request([['maxBindGroups', 10_000]])).kind, 'error');
    equal((await request([['__proto__', 1]])).kind, 'error');
    equal((await request([['maxBindGroups', 4]])).kind, 'json');
  });

  // Data

  check('bytes written by the queue are copied and mapped', async ({ guest, device }) => {
    const source = guest.buffer(device, { size: 16, usage: COPY_DST | COPY_SRC });
    const data = bytes(1, 2, 3, 4, 5, 6, 7, 8);
    guest.writeBuffer(device, source, 4, data);
    deepEqual(await guest.contents(device, source, 16), bytes(0, 0, 0, 0, ...data, 0, 0, 0, 0));
  });

  check('payload in the heap and payload in the packet are the same', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 8, usage: COPY_DST | COPY_SRC });
    (guest.link.heap as Uint8Array).set([9, 8, 7, 6], 64);
    guest.post((w) => {
      w.place = () => 64;
      encode.encodeGPUQueueWriteBuffer(w, device.queue, { handle: buffer }, 0, 0, new Uint8Array(4));
    });
    guest.writeBuffer(device, buffer, 4, bytes(5, 4, 3, 2));
    deepEqual(await guest.contents(device, buffer, 8), bytes(9, 8, 7, 6, 5, 4, 3, 2));
  });

  check('a mapping is read into the heap, in pieces', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 32, usage: MAP_READ | COPY_DST });
    guest.writeBuffer(device, buffer, 0, Uint8Array.from({ length: 32 }, (_, i) => i));
    deepEqual(await guest.map(buffer, MAP_MODE.READ, { offset: 8, size: 24, into: 128, length: 8 }), { kind: 'done' });
    const rest = await guest.ask((w, request) => encode.encodeGPUBufferReadMapped(w, { handle: buffer }, request, 16, 256, 16));
    deepEqual(rest, { kind: 'done' });
    const heap = guest.link.heap as Uint8Array;
    deepEqual([...heap.subarray(128, 136)], [8, 9, 10, 11, 12, 13, 14, 15]);
    deepEqual([...heap.subarray(256, 272)], Array.from({ length: 16 }, (_, i) => 16 + i));
    equal(guest.processor.statistics().mappedBytes, 24);
    guest.post((w) => encode.encodeGPUBufferUnmap(w, buffer));
    equal(guest.processor.statistics().mappedBytes, 0);
  });

  check('what the guest wrote into a mapping is in the buffer after unmap', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 8, usage: MAP_WRITE | COPY_SRC });
    equal((await guest.map(buffer, MAP_MODE.WRITE, { size: 8 })).kind, 'data');
    guest.post((w) => {
      encode.encodeGPUBufferWriteMapped(w, { handle: buffer }, 4, bytes(1, 2, 3, 4));
      encode.encodeGPUBufferUnmap(w, buffer);
    });
    deepEqual(await guest.contents(device, buffer, 8), bytes(0, 0, 0, 0, 1, 2, 3, 4));
  });

  check('a buffer that was mapped at creation has what was written to it', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 8, usage: VERTEX | COPY_SRC, mappedAtCreation: true });
    equal(guest.processor.statistics().mappedBytes, 8);
    guest.post((w) => {
      encode.encodeGPUBufferWriteMapped(w, { handle: buffer }, 0, bytes(1, 2, 3, 4));
      encode.encodeGPUBufferWriteMapped(w, { handle: buffer }, 4, bytes(5, 6, 7, 8));
      encode.encodeGPUBufferUnmap(w, buffer);
    });
    equal(guest.processor.statistics().mappedBytes, 0);
    deepEqual(await guest.contents(device, buffer, 8), bytes(1, 2, 3, 4, 5, 6, 7, 8));
  });

  check('a mapping ends with AbortError when the buffer is unmapped or destroyed first', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 8, usage: MAP_READ | COPY_DST });
    const first = guest.map(buffer, MAP_MODE.READ, { size: 8 });
    guest.post((w) => encode.encodeGPUBufferUnmap(w, buffer));
    const unmapped = await first;
    equal(unmapped.kind === 'error' && unmapped.name, 'AbortError');
    const second = guest.map(buffer, MAP_MODE.READ, { size: 8 });
    guest.post((w) => encode.encodeGPUBufferDestroy(w, buffer));
    const destroyed = await second;
    equal(destroyed.kind === 'error' && destroyed.name, 'AbortError');
    equal(guest.processor.statistics().mappedBytes, 0);
  });

  check('a mapping that is not allowed is an OperationError and a validation error', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 8, usage: VERTEX });
    let reply: Promise<Reply> | undefined;
    const message = await guest.errorOf(device, () => { reply = guest.map(buffer, MAP_MODE.READ, { size: 8 }); });
    notEqual(message, null);
    const error = await reply;
    equal(error?.kind === 'error' && error.name, 'OperationError');
  });

  check('a guest on a byte stream has its bytes inside the packets', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 4, usage: COPY_DST | COPY_SRC });
    guest.writeBuffer(device, buffer, 0, bytes(4, 3, 2, 1));
    deepEqual(await guest.contents(device, buffer, 4), bytes(4, 3, 2, 1));
  }, { heapBytes: null });

  check('completed submits are published', async ({ guest, device }) => {
    for (let i = 0; i < 3; i++) guest.submit(device);
    await guest.done(device);
    await settled();
    equal(guest.link.completedSerial, 3);
  });

  // Errors

  check('errors of ours and of the backend come out of their scopes in order', async ({ guest, device }) => {
    guest.push(device, 'validation');
    guest.push(device, 'out-of-memory');
    guest.inject(device, 'validation', 'ours, first');
    guest.buffer(device, { size: 4, usage: 0 });
    guest.inject(device, 'out-of-memory', 'memory');
    deepEqual(await guest.pop(device), { kind: 'scope', filter: 'out-of-memory', message: 'memory' });
    deepEqual(await guest.pop(device), { kind: 'scope', filter: 'validation', message: 'ours, first' });
  });

  check('an error of the backend before ours is the one that its scope has', async ({ guest, device }) => {
    guest.push(device, 'validation');
    guest.push(device, 'internal');
    guest.buffer(device, { size: 4, usage: 0 });
    guest.inject(device, 'validation', 'ours, second');
    deepEqual(await guest.pop(device), { kind: 'scope', filter: null, message: '' });
    const outer = await guest.pop(device);
    equal(outer.kind === 'scope' && outer.filter, 'validation');
    ok(outer.kind === 'scope' && outer.message !== 'ours, second');
  });

  check('the innermost scope with the filter catches', async ({ guest, device }) => {
    guest.push(device, 'validation');
    guest.push(device, 'validation');
    guest.inject(device, 'validation', 'inner');
    guest.push(device, 'validation');
    guest.inject(device, 'validation', 'innermost');
    const caught = [await guest.pop(device), await guest.pop(device), await guest.pop(device)];
    deepEqual(caught.map((each) => each.kind === 'scope' && each.message), ['innermost', 'inner', '']);
  });

  check('errors without a scope are events, and a pop without a scope is refused', async ({ guest, device }) => {
    guest.inject(device, 'internal', 'nobody asked');
    guest.buffer(device, { size: 4, usage: 0 });
    const popped = await guest.pop(device);
    equal(popped.kind === 'error' && popped.name, 'OperationError');
    await guest.done(device);
    await settled();
    deepEqual(guest.uncaptured.map(({ filter }) => filter), ['internal', 'validation']);
    equal(guest.uncaptured[0]?.message, 'nobody asked');
  });

  check('a recording that the guest declares invalid reports one error, at finish, and cannot be submitted', async ({ guest, device }) => {
    let commandBuffer = 0;
    const message = await guest.errorOf(device, () => {
      commandBuffer = guest.commandBuffer(device, (w) => {
        encode.recordGPUDebugCommandsMixinPushDebugGroup(w, 'never popped');
        encode.recordEncoderFail(w, 'The pass had ended.');
      });
    });
    equal(message, 'The pass had ended.');
    notEqual(await guest.errorOf(device, () => guest.submit(device, commandBuffer)), null);
  });

  check('an encoder that finishes inside of a pass is invalid', async ({ guest, device }) => {
    notEqual(await guest.errorOf(device, () => {
      guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' }));
    }), null);
  });

  check('a submit names a command buffer once', async ({ guest, device }) => {
    const empty = (): number => guest.commandBuffer(device, () => {});
    equal(await guest.errorOf(device, () => guest.submit(device, empty(), empty())), null);
    const [first, second] = [empty(), empty()];
    notEqual(await guest.errorOf(device, () => guest.submit(device, first, 0, second)), null);
    const third = empty();
    notEqual(await guest.errorOf(device, () => guest.submit(device, third, third)), null);
    equal(guest.processor.statistics().handleCount, 3, 'adapter, device and queue are all that is left');
  });

  check('an invalid shader makes an invalid pipeline, and says where', async ({ guest, device }) => {
    let module = 0;
    notEqual(await guest.errorOf(device, () => { module = guest.module(device, 'not wgsl'); }), null);
    notEqual(await guest.errorOf(device, () => { guest.computePipeline(device, module); }), null);
    const info = await guest.ask((w, request) => encode.encodeGPUShaderModuleGetCompilationInfo(w, module, request));
    const { messages } = (info as { value: { messages: { type: string; lineNum: number }[] } }).value;
    equal(messages[0]?.type, 'error');
    equal(messages[0]?.lineNum, 1);
  });

  check('a pipeline that is made later comes, or says why not', async ({ guest, device }) => {
    const create = async (code: string): Promise<Reply> => {
      const module = guest.module(device, code);
      return guest.ask((w, request) => encode.encodeGPUDeviceCreateComputePipelineAsync(w, device.handle, request, guest.handle(), computeDescriptor(module)));
    };
    deepEqual(await create(EMPTY_COMPUTE), { kind: 'done' });
    guest.push(device, 'validation');
    const refused = await create('not wgsl');
    await guest.pop(device);
    equal(refused.kind === 'error' && refused.name, 'GPUPipelineError');
    equal(refused.kind === 'error' && refused.reason, 'validation');
  });

  // Declared usage: the backend's objects can do more than the application declared.

  const undeclared: readonly (readonly [string, (g: ScriptedGuest, d: GuestDevice) => void])[] = [
    ['writeBuffer needs COPY_DST', (g, d) => g.writeBuffer(d, g.buffer(d, { size: 4, usage: VERTEX }), 0, bytes(0, 0, 0, 0))],
    ['clearBuffer needs COPY_DST', (g, d) => {
      const buffer = g.buffer(d, { size: 4, usage: COPY_SRC });
      g.commandBuffer(d, (w) => encode.recordGPUCommandEncoderClearBuffer(w, { handle: buffer }, 0, 4));
    }],
    ['copyBufferToBuffer needs COPY_SRC', (g, d) => copyBuffers(g, d, VERTEX, COPY_DST)],
    ['copyBufferToBuffer needs COPY_DST', (g, d) => copyBuffers(g, d, COPY_SRC, STORAGE)],
    ['writeTexture needs COPY_DST', (g, d) => {
      const texture = g.texture(d, { usage: TEXTURE_USAGE.TEXTURE_BINDING });
      writeTexture(g, d, texture);
    }],
    ['copyExternalImageToTexture needs RENDER_ATTACHMENT', (g, d) => {
      const texture = g.texture(d, { usage: TEXTURE_USAGE.COPY_DST });
      g.post((w) => encode.encodeGPUQueueCopyExternalImageToTexture(w, d.queue, { handle: texture }, 0, ORIGIN, 'all', extent(4, 4), 16, new Uint8Array(64)));
    }],
    ['copyTextureToBuffer needs COPY_SRC', (g, d) => {
      const texture = g.texture(d, { usage: TEXTURE_USAGE.COPY_DST });
      readTexture(g, d, texture, COPY_DST);
    }],
    ['copyTextureToBuffer needs COPY_DST', (g, d) => {
      const texture = g.texture(d, { usage: TEXTURE_USAGE.COPY_SRC });
      readTexture(g, d, texture, UNIFORM);
    }],
    ['copyTextureToTexture needs COPY_DST', (g, d) => {
      const [source, destination] = [g.texture(d, { usage: TEXTURE_USAGE.COPY_SRC }), g.texture(d, { usage: TEXTURE_USAGE.COPY_SRC })];
      g.commandBuffer(d, (w) =>
        encode.recordGPUCommandEncoderCopyTextureToTexture(w, { handle: source }, 0, ORIGIN, 'all', { handle: destination }, 0, ORIGIN, 'all', extent(4, 4)),
      );
    }],
    ['a view has no more usage than the texture', (g, d) => g.view(g.texture(d, { usage: TEXTURE_USAGE.TEXTURE_BINDING }), { usage: TEXTURE_USAGE.COPY_SRC })],
  ];
  for (const [title, action] of undeclared) {
    check(title, async ({ guest, device }) => {
      notEqual(await guest.errorOf(device, () => action(guest, device)), null);
      deepEqual(guest.uncaptured, []);
    });
  }

  check('what is declared can be done', async ({ guest, device }) => {
    const message = await guest.errorOf(device, () => {
      copyBuffers(guest, device, COPY_SRC, COPY_DST);
      const texture = guest.texture(device, { usage: TEXTURE_USAGE.COPY_SRC | TEXTURE_USAGE.COPY_DST | TEXTURE_USAGE.RENDER_ATTACHMENT });
      writeTexture(guest, device, texture);
      readTexture(guest, device, texture, COPY_DST);
      guest.view(texture, { usage: TEXTURE_USAGE.RENDER_ATTACHMENT });
      guest.post((w) => encode.encodeGPUQueueCopyExternalImageToTexture(w, device.queue, { handle: texture }, 0, ORIGIN, 'all', extent(4, 4), 16, new Uint8Array(64)));
    });
    equal(message, null);
  });

  check('usages that are not valid stay so', async ({ guest, device }) => {
    for (const usage of [0, 0x80000000, 0x10000, MAP_READ | VERTEX, MAP_READ | MAP_WRITE, MAP_WRITE | COPY_DST]) {
      notEqual(await guest.errorOf(device, () => { guest.buffer(device, { size: 4, usage }); }), null, `buffer usage ${usage}`);
    }
    for (const usage of [0, 0x80000000, 0x10000]) {
      notEqual(await guest.errorOf(device, () => { guest.texture(device, { usage }); }), null, `texture usage ${usage}`);
    }
    const multisampled = { sampleCount: 4, usage: TEXTURE_USAGE.TEXTURE_BINDING };
    notEqual(await guest.errorOf(device, () => { guest.texture(device, multisampled); }), null, 'multisampled without RENDER_ATTACHMENT');
  });

  check('a long write reports its error once', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 4, usage: COPY_DST });
    guest.writeBuffer(device, buffer, 8, bytes(0, 0, 0, 0), 1);
    const unwritable = guest.buffer(device, { size: 8, usage: VERTEX });
    guest.writeBuffer(device, unwritable, 4, bytes(0, 0, 0, 0), 1);
    await guest.done(device);
    await settled();
    deepEqual(guest.uncaptured, []);
  });

  // Lifetime

  check('a guest that submits faster than the GPU works has to wait', async ({ guest, device }) => {
    for (let i = 0; i < 50; i++) guest.submit(device);
    ok(guest.link.pauseCount > 0);
    ok(guest.link.isPaused);
    while (guest.link.isPaused || guest.link.completedSerial < 50) await settled();
    equal(guest.processor.statistics().submitSerial, 50);
  }, { limits: { submitsInFlightMax: 4 } });

  // The end of a device

  check('a destroyed device tells, stays silent about errors, and holds no memory', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 64, usage: MAP_READ | COPY_DST });
    equal((await guest.map(buffer, MAP_MODE.READ, { size: 64 })).kind, 'data');
    guest.push(device, 'validation');
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
    guest.inject(device, 'validation', 'too late');
    guest.buffer(device, { size: 4, usage: 0 });
    deepEqual(await guest.pop(device), { kind: 'scope', filter: null, message: '' });
    await settled();
    deepEqual(guest.lostDevices.map(({ device: handle, reason }) => [handle, reason]), [[device.handle, 'destroyed']]);
    const { vramBytes, mappedBytes } = guest.processor.statistics();
    deepEqual({ vramBytes, mappedBytes }, { vramBytes: 0, mappedBytes: 0 });
    equal((await guest.map(buffer, MAP_MODE.READ, { size: 64 })).kind, 'error');
    const piece = await guest.ask((w, request) => encode.encodeGPUBufferReadMapped(w, { handle: buffer }, request, 0, 0, 8));
    equal(piece.kind === 'error' && piece.name, 'AbortError');
    guest.post((w) => encode.encodeGPUBufferWriteMapped(w, { handle: buffer }, 0, bytes(1, 2, 3, 4)));
    guest.buffer(device, { size: 4, usage: COPY_DST });
    guest.texture(device, { usage: TEXTURE_USAGE.COPY_DST });
    guest.submit(device, guest.commandBuffer(device, () => {}));
    deepEqual(await guest.done(device), { kind: 'done' });
    deepEqual(guest.uncaptured, []);
  });

  check('several devices of a context are apart', async ({ guest, device }) => {
    const second = await guest.device();
    const buffer = guest.buffer(second, { size: 4, usage: COPY_DST });
    notEqual(await guest.errorOf(device, () => guest.writeBuffer(device, buffer, 0, bytes(0, 0, 0, 0))), null);
    equal(await guest.errorOf(second, () => guest.writeBuffer(second, buffer, 0, bytes(0, 0, 0, 0))), null);
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, second.handle));
    await guest.done(device);
    await settled();
    deepEqual(guest.lostDevices.map(({ device: handle }) => handle), [second.handle]);
  });

  check('labels are the application’s', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 4, usage: VERTEX, label: 'old' });
    guest.post((w) => encode.encodeObjectSetLabel(w, buffer, 'new'));
    match((await guest.errorOf(device, () => guest.writeBuffer(device, buffer, 0, bytes(0, 0, 0, 0)))) ?? '', /"new"/);
  });

  check('a handle whose object is gone is nobody, also in its next life', async ({ guest, device }) => {
    const buffer = guest.buffer(device, { size: 4, usage: COPY_DST });
    guest.release(buffer);
    const successor = guest.buffer(device, { size: 4, usage: COPY_DST });
    equal(handles.indexOf(successor), handles.indexOf(buffer));
    notEqual(successor, buffer);
    equal(await guest.errorOf(device, () => guest.writeBuffer(device, successor, 0, bytes(0, 0, 0, 0))), null);
  });

  memoryChecks(check);
}

function copyBuffers(guest: ScriptedGuest, device: GuestDevice, sourceUsage: number, destinationUsage: number): void {
  const source = guest.buffer(device, { size: 4, usage: sourceUsage });
  const destination = guest.buffer(device, { size: 4, usage: destinationUsage });
  guest.commandBuffer(device, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: source }, 0, { handle: destination }, 0, undefined));
}

function writeTexture(guest: ScriptedGuest, device: GuestDevice, texture: number): void {
  guest.post((w) => encode.encodeGPUQueueWriteTexture(w, device.queue, { handle: texture }, 0, ORIGIN, 'all', { offset: 0, bytesPerRow: 16 }, extent(4, 4), 0, new Uint8Array(64)));
}

function readTexture(guest: ScriptedGuest, device: GuestDevice, texture: number, bufferUsage: number): void {
  const buffer = guest.buffer(device, { size: 1024, usage: bufferUsage });
  guest.commandBuffer(device, (w) =>
    encode.recordGPUCommandEncoderCopyTextureToBuffer(w, { handle: texture }, 0, ORIGIN, 'all', { handle: buffer }, { offset: 0, bytesPerRow: 256 }, extent(4, 4)),
  );
}
