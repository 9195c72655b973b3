import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { mock, test } from 'node:test';
import { GuestFault } from '@gpup/base';
import { handles, type Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { OPCODES, RECORDED } from '@gpup/wire/numbers';
import { ESCAPES } from '@gpup/wire/escapes';
import { BUFFER_USAGE, MAP_MODE } from './backend.ts';
import { ESCAPE_NAMES } from './escapes/escape-registry.ts';
import type { VfLimits } from './limits.ts';
import { nullBackend } from './null/null-backend.ts';
import { NullQueue } from './null/null-queue.ts';
import { EMPTY_COMPUTE, clearPass, greeted, settled } from './testing/greeted.ts';
import { computeDescriptor, type GuestDevice, ScriptedGuest } from './testing/scripted-guest.ts';

/** Whatever a guest sends ends its own context with a code, and nothing else happens. */

interface Case {
  readonly code: string;
  readonly title: string;
  readonly attack: (guest: ScriptedGuest, device: GuestDevice) => unknown;
  readonly limits?: Partial<VfLimits>;
  readonly escapes?: readonly string[];
}

function buffer(guest: ScriptedGuest, device: GuestDevice, usage: number = BUFFER_USAGE.COPY_DST): number {
  return guest.buffer(device, { size: 16, usage });
}

/** One packet with these words behind its header. */
function packet(opcode: number, ...words: number[]): number[] {
  return [opcode, words.length + 2, ...words];
}

function finishWith(guest: ScriptedGuest, device: GuestDevice, ...words: number[]): void {
  guest.raw(...packet(OPCODES['GPUCommandEncoder.finish'], device.handle, guest.handle(), 0, 0, words.length, ...words));
}

function inCommandBuffer(record: (w: Writer) => void): Case['attack'] {
  return (guest, device) => guest.commandBuffer(device, record);
}

function inBundle(record: (w: Writer) => void): Case['attack'] {
  return (guest, device) => guest.bundle(device, record);
}

const CASES: readonly Case[] = [
  // Packets
  { code: 'bad-opcode', title: 'an unknown packet', attack: (g) => g.raw(9999, 2) },
  { code: 'packet-truncated', title: 'a packet without its fields', attack: (g) => g.raw(...packet(OPCODES['GPUDevice.createBuffer'])) },
  { code: 'packet-trailing', title: 'a packet with more than its fields', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.destroy'], d.handle, 0)) },
  { code: 'bad-count', title: 'a sequence longer than its packet', attack: (g) => g.raw(...packet(OPCODES['Context.release'], 0xffffffff)) },
  { code: 'bad-boolean', title: 'a boolean of 2', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.createBuffer'], d.handle, g.handle(), 2 | 4 | 8, 2)) },
  { code: 'bad-integer', title: 'a size beyond 2^53', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.createBuffer'], d.handle, g.handle(), 4 | 8, 0, 0x200000, 8)) },
  { code: 'bad-float', title: 'a float that is not a number', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.createSampler'], d.handle, g.handle(), 32, 0x7fc00000)) },
  { code: 'bad-enum', title: 'an enum value that does not exist', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.pushErrorScope'], d.handle, 77)) },
  { code: 'unknown-field', title: 'a dictionary with unknown fields', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.createBuffer'], d.handle, g.handle(), 1 << 30)) },
  { code: 'missing-field', title: 'a dictionary without what it must have', attack: (g, d) => g.raw(...packet(OPCODES['GPUDevice.createBuffer'], d.handle, g.handle(), 0)) },
  { code: 'string-size', title: 'a label beyond the limit', attack: (g, d) => g.buffer(d, { size: 4, usage: 8, label: 'x'.repeat(100) }), limits: { labelBytesMax: 99 } },
  { code: 'string-size', title: 'a shader beyond the limit', attack: (g, d) => g.module(d, `${EMPTY_COMPUTE}//${'x'.repeat(1000)}`), limits: { shaderBytesMax: 1000 } },
  { code: 'bad-tag', title: 'a binding that is neither an object nor a range', attack: (g, d) => {
    const layout = g.bindGroupLayout(d, []);
    g.raw(...packet(OPCODES['GPUDevice.createBindGroup'], d.handle, g.handle(), 2 | 4, 1, 3, 0, 5, layout));
  } },
  // Payload
  { code: 'heap-range', title: 'payload outside of the heap', attack: (g, d) => g.raw(...packet(OPCODES['GPUQueue.writeBuffer'], d.queue, buffer(g, d), 0, 0, 0, 16, (1 << 20) - 8)) },
  { code: 'heap-range', title: 'a mapping into a region outside of the heap', attack: (g, d) => g.map(buffer(g, d, 9), MAP_MODE.READ, { size: 16, into: (1 << 20) - 8 }) },
  { code: 'heap-range', title: 'immediates in the heap', attack: (g, d) => finishWith(g, d, (2 << 16) | RECORDED['GPUCommandEncoder.beginComputePass'], 0, (4 << 16) | RECORDED['GPUBindingCommandsMixin.setImmediates'], 0, 4, 0) },
  { code: 'write-alignment', title: 'a write of 3 bytes', attack: (g, d) => g.writeBuffer(d, buffer(g, d), 0, new Uint8Array(3)) },
  { code: 'immediates-alignment', title: 'immediates of 3 bytes', attack: inCommandBuffer((w) => {
    encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
    encode.recordGPUBindingCommandsMixinSetImmediates(w, 0, new Uint8Array(3));
  }) },
  // Handles
  { code: 'stale-handle', title: 'an object that never was', attack: (g) => g.view(g.handle()) },
  { code: 'stale-handle', title: 'an object that was released', attack: (g, d) => {
    const released = buffer(g, d);
    g.release(released);
    g.writeBuffer(d, released, 0, new Uint8Array(4));
  } },
  { code: 'stale-handle', title: 'the object before in the same slot', attack: (g, d) => {
    const released = buffer(g, d);
    g.release(released);
    buffer(g, d);
    g.writeBuffer(d, released, 0, new Uint8Array(4));
  } },
  { code: 'stale-handle', title: 'a handle released twice', attack: (g, d) => {
    const released = buffer(g, d);
    g.post((w) => encode.encodeContextRelease(w, [released, released]));
  } },
  { code: 'stale-handle', title: 'nobody where there must be somebody', attack: (g, d) => g.writeBuffer(d, 0, 0, new Uint8Array(4)) },
  { code: 'pending-handle', title: 'an adapter that was not delivered', attack: (g) => {
    const adapter = g.handle();
    g.post((w) => encode.encodeGPURequestAdapter(w, 1, adapter, { featureLevel: 'core', forceFallbackAdapter: false, xrCompatible: false }));
    void g.requestDevice({ adapter, handle: g.handle(), queue: g.handle() });
  } },
  { code: 'pending-handle', title: 'the release of a pipeline that was not delivered', attack: (g, d) => {
    const [module, pipeline] = [g.module(d, EMPTY_COMPUTE), g.handle()];
    g.post((w) => {
      encode.encodeGPUDeviceCreateComputePipelineAsync(w, d.handle, 7, pipeline, computeDescriptor(module));
      encode.encodeContextRelease(w, [pipeline]);
    });
  } },
  { code: 'bad-handle', title: 'an object with the handle of nobody', attack: (g, d) => createAt(g, d, 0) },
  { code: 'busy-handle', title: 'an object in the place of another', attack: (g, d) => createAt(g, d, buffer(g, d) + (1 << 20)) },
  { code: 'busy-handle', title: 'a queue in the place of its device', attack: async (g) => {
    const handle = g.handle();
    void g.requestDevice({ adapter: await g.adapter(), handle, queue: handle });
  } },
  { code: 'reused-handle', title: 'a handle that was released', attack: (g, d) => {
    const released = buffer(g, d);
    g.post((w) => encode.encodeContextRelease(w, [released]));
    createAt(g, d, released);
  } },
  { code: 'wrong-kind', title: 'a device for a buffer', attack: (g, d) => g.writeBuffer(d, d.handle, 0, new Uint8Array(4)) },
  { code: 'wrong-kind', title: 'a buffer for a queue', attack: (g, d) => g.submit({ ...d, queue: buffer(g, d) }) },
  { code: 'wrong-kind', title: 'a buffer for an attachment', attack: (g, d) => g.commandBuffer(d, (w) => encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(buffer(g, d)))) },
  { code: 'wrong-kind', title: 'a buffer for a command buffer', attack: (g, d) => g.submit(d, buffer(g, d)) },
  { code: 'wrong-kind', title: 'a module for a bound resource', attack: (g, d) => g.bindGroup(d, g.bindGroupLayout(d, []), [{ handle: g.module(d, '') }]) },
  { code: 'wrong-kind', title: 'a module for a layout', attack: (g, d) => {
    const module = g.module(d, EMPTY_COMPUTE);
    g.post((w) => encode.encodeGPUDeviceCreateComputePipeline(w, d.handle, g.handle(), { ...computeDescriptor(module), layout: { handle: module } }));
  } },
  { code: 'wrong-kind', title: 'an external texture, which nobody can have', attack: (g, d) => g.bindGroup(d, g.bindGroupLayout(d, []), [{ handle: d.queue }]) },
  // Recorded commands
  { code: 'bad-command', title: 'an unknown command', attack: (g, d) => finishWith(g, d, (1 << 16) | 9999) },
  { code: 'command-length', title: 'a command without a length', attack: (g, d) => finishWith(g, d, RECORDED['GPUComputePassEncoder.end']) },
  { code: 'command-length', title: 'a command longer than its block', attack: (g, d) => finishWith(g, d, (9 << 16) | RECORDED['GPUComputePassEncoder.end']) },
  { code: 'command-length', title: 'a long command shorter than its header', attack: (g, d) => finishWith(g, d, (0xffff << 16) | RECORDED['GPUComputePassEncoder.end'], 1) },
  { code: 'packet-truncated', title: 'a command that reaches into the next one', attack: (g, d) => finishWith(g, d, (1 << 16) | RECORDED['GPUCommandEncoder.beginComputePass'], 0) },
  { code: 'command-scope', title: 'a draw outside of a pass', attack: inCommandBuffer((w) => encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0)) },
  { code: 'command-scope', title: 'a dispatch in a render pass', attack: (g, d) => g.commandBuffer(d, (w) => {
    encode.recordGPUCommandEncoderBeginRenderPass(w, clearPass(g.texture(d, { usage: 16 })));
    encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
  }) },
  { code: 'command-scope', title: 'a copy in a pass', attack: (g, d) => {
    const target = { handle: buffer(g, d) };
    g.commandBuffer(d, (w) => {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUCommandEncoderClearBuffer(w, target, 0, 4);
    });
  } },
  { code: 'command-scope', title: 'a pass in a pass', attack: inCommandBuffer((w) => {
    encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
    encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
  }) },
  { code: 'command-scope', title: 'the end of no pass', attack: inCommandBuffer((w) => encode.recordGPURenderPassEncoderEnd(w)) },
  { code: 'command-scope', title: 'a pass in a bundle', attack: inBundle((w) => encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' })) },
  { code: 'command-scope', title: 'a viewport in a bundle', attack: inBundle((w) => encode.recordGPURenderPassEncoderSetViewport(w, 0, 0, 1, 1, 0, 1)) },
  { code: 'command-scope', title: 'a bind group outside of a pass', attack: inCommandBuffer((w) => encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, null, [])) },
  // What a guest can grow
  { code: 'object-count', title: 'one object too many', attack: (g, d) => { for (let i = 0; i < 8; i++) buffer(g, d); }, limits: { objectCountMax: 10 } },
  { code: 'object-count', title: 'one object too many without a handle', attack: (g, d) => {
    for (let i = 0; i < 20; i++) {
      const texture = g.texture(d, { usage: 16 });
      g.view(texture);
      g.release(texture);
    }
  }, limits: { recordCountMax: 20 } },
  { code: 'pending-requests', title: 'more requests than replies', attack: (g, d) => { for (let i = 0; i < 5; i++) void g.done(d); }, limits: { pendingRequestCountMax: 4 } },
  { code: 'error-scope-depth', title: 'one error scope too many', attack: (g, d) => { for (let i = 0; i < 5; i++) g.push(d, 'validation'); }, limits: { errorScopeDepthMax: 4 } },
  { code: 'error-scope-depth', title: 'error scopes spread over devices', attack: async (g, d) => {
    const second = await g.device();
    for (let i = 0; i < 3; i++) for (const each of [d, second]) g.push(each, 'validation');
  }, limits: { errorScopeDepthMax: 4 } },
  { code: 'error-scope-count', title: 'error scopes in too many parts', attack: (g, d) => {
    for (let i = 0; i < 20; i++) g.push(d, i % 2 === 0 ? 'validation' : 'internal');
    for (let i = 0; i < 20; i++) {
      g.inject(d, 'validation', 'again');
      g.push(d, 'validation');
    }
  }, limits: { errorScopeSegmentCountMax: 16 } },
  { code: 'journal-size', title: 'packets beyond what is kept', attack: (g, d) => { for (let i = 0; i < 5; i++) g.module(d, `fn f() {} //${'x'.repeat(1000)}`); }, limits: { journalBytesMax: 4000 } },
  { code: 'pass-count', title: 'an encoder with too many passes', attack: inCommandBuffer((w) => {
    for (let i = 0; i < 4; i++) {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUComputePassEncoderEnd(w);
    }
  }), limits: { passCountMax: 3 } },
  { code: 'label-size', title: 'long labels on many objects', attack: (g, d) => {
    for (let i = 0; i < 5; i++) {
      const labelled = buffer(g, d);
      g.post((w) => encode.encodeObjectSetLabel(w, labelled, 'x'.repeat(10)));
      // What is set again or released counts no more.
      g.post((w) => encode.encodeObjectSetLabel(w, labelled, 'y'.repeat(10)));
      if (i < 2) g.release(labelled);
    }
  }, limits: { labelCharacterCountMax: 29 } },
  { code: 'reply-size', title: 'a mapping that does not fit into a reply', attack: (g, d) => g.map(buffer(g, d, 9), MAP_MODE.READ, { size: 16 }), limits: { inlineDataBytesMax: 8 } },
  { code: 'mapped-range', title: 'more of a mapping than there is', attack: (g, d) => g.map(buffer(g, d, 9), MAP_MODE.READ, { size: 8, length: 16 }) },
  { code: 'mapped-range', title: 'bytes beyond the mapping', attack: async (g, d) => {
    const mapped = buffer(g, d, 9);
    await g.map(mapped, MAP_MODE.READ, { offset: 8, size: 8 });
    g.post((w) => encode.encodeGPUBufferWriteMapped(w, { handle: mapped }, 12, new Uint8Array(8)));
  } },
  { code: 'mapped-range', title: 'bytes before the mapping', attack: async (g, d) => {
    const mapped = buffer(g, d, 9);
    await g.map(mapped, MAP_MODE.READ, { offset: 8, size: 8 });
    void g.ask((w, request) => encode.encodeGPUBufferReadMapped(w, { handle: mapped }, request, 0, 0, 4));
  } },
  // Escapes that are small enough and do not decode
  { code: 'packet-trailing', title: 'an escape with more than its fields', attack: (g) => g.escape(ESCAPES.statistics.number, 1, 0), escapes: ESCAPE_NAMES },
  { code: 'packet-truncated', title: 'an escape without its fields', attack: (g) => g.escape(ESCAPES['latency-class'].number, 1), escapes: ESCAPE_NAMES },
  { code: 'bad-enum', title: 'a latency class that does not exist', attack: (g) => g.escape(ESCAPES['latency-class'].number, 1, 3), escapes: ESCAPE_NAMES },
  { code: 'bad-count', title: 'an escape that claims to be longer than its packet', attack: (g) => g.raw(...packet(OPCODES['Context.escape'], 1, 1, 1, 0xffffffff)), escapes: ESCAPE_NAMES },
  { code: 'packet-trailing', title: 'words behind an escape', attack: (g) => g.raw(...packet(OPCODES['Context.escape'], 1, 1, 1, 0, 0)), escapes: ESCAPE_NAMES },
  // The protocol's own order
  { code: 'hello-twice', title: 'a second greeting', attack: (g) => g.hello() },
];

for (const { code, title, attack, limits = {}, escapes = [] } of CASES) {
  test(`${title} ends the context with ${code}`, async () => {
    const { guest, device } = await greeted(nullBackend(), { limits, escapes });
    void attack(guest, device);
    await settled();
    equal(guest.end?.type, 'fault', guest.end?.type === 'bug' ? String((guest.end.error as Error).stack) : '');
    equal(guest.contextLost?.code, code);
    equal(guest.end.type === 'fault' && guest.end.code, code);
    notEqual(guest.contextLost?.message, '');
    ok(guest.link.isPaused);
  });
}

function createAt(guest: ScriptedGuest, device: GuestDevice, handle: number): void {
  guest.post((w) => encode.encodeGPUDeviceCreateBuffer(w, device.handle, handle, { label: '', size: 4, usage: 8, mappedAtCreation: false }));
}

test('the first packet must be the greeting', () => {
  const guest = new ScriptedGuest({ backend: nullBackend() });
  guest.raw(OPCODES['GPUDevice.destroy'], 3, 1);
  equal(guest.contextLost?.code, 'no-hello');
});

test('another major version is refused by name', () => {
  const guest = new ScriptedGuest({ backend: nullBackend() });
  guest.post((w) => encode.encodeContextHello(w, 2, 7, 24, ''));
  equal(guest.contextLost?.code, 'protocol-version');
  ok(guest.contextLost?.message.includes('2.7'));
  equal(guest.welcome, null);
});

test('a feature level below the least is refused by name', () => {
  const guest = new ScriptedGuest({ backend: nullBackend() });
  guest.hello(23);
  equal(guest.contextLost?.code, 'feature-level');
  ok(guest.contextLost?.message.includes('2.3') && guest.contextLost.message.includes('2.4'));
  equal(guest.welcome, null);
});

test('a context that has ended executes nothing and says nothing', async () => {
  const { guest, device } = await greeted(nullBackend());
  const done = guest.order.length;
  void guest.done(device);
  guest.raw(9999, 2);
  equal(guest.contextLost?.code, 'bad-opcode');
  guest.link.isPaused = false;
  guest.buffer(device, { size: 4, usage: 8 });
  await settled();
  equal(guest.order.length, done);
  equal(guest.processor.statistics().handleCount, 3);
});

test('a guest that does not read its replies loses its context', async () => {
  const { guest, device } = await greeted(nullBackend());
  guest.link.send = () => { throw new GuestFault('reply-backlog', 'Nobody reads.'); };
  void guest.done(device);
  await settled();
  equal(guest.end?.type === 'fault' && guest.end.code, 'reply-backlog');
});

test('a bug of ours ends the context too, and is reported as one', async () => {
  const { guest, device } = await greeted(nullBackend());
  const bug = new TypeError('ours');
  guest.link.publishCompleted = () => { throw bug; };
  guest.submit(device);
  await settled();
  deepEqual(guest.end, { type: 'bug', error: bug });
  equal(guest.contextLost?.code, 'vf-bug');
});

test('the heap may change while its bytes are written', async () => {
  const { guest, device } = await greeted(nullBackend());
  const target = buffer(guest, device);
  for (let i = 0; i < 64; i++) {
    guest.post((w) => {
      w.place = () => 0;
      encode.encodeGPUQueueWriteBuffer(w, device.queue, { handle: target }, 0, 0, new Uint8Array(16));
    });
    (guest.link.heap as Uint8Array).fill(i);
  }
  equal(guest.end, null);
});

test('every generation of a slot is used in turn', async () => {
  const { guest, device } = await greeted(nullBackend());
  const seen = new Set<number>();
  for (let i = 0; i < handles.GENERATION_MASK + 2; i++) {
    const handle = buffer(guest, device);
    seen.add(handle);
    guest.release(handle);
  }
  equal(guest.end, null);
  equal(seen.size, handles.GENERATION_MASK + 1);
});

test('a buffer that is too large for the device is not mapped at creation: it is not charged either', async () => {
  const { guest, device } = await greeted(nullBackend());
  const mapped = guest.buffer(device, { size: 2 ** 40, usage: BUFFER_USAGE.COPY_SRC, mappedAtCreation: true });
  const reply = await guest.ask((w, request) => encode.encodeGPUBufferReadMapped(w, { handle: mapped }, request, 0, 0, 4));
  equal(reply.kind === 'error' && reply.name, 'AbortError');
  equal(guest.uncaptured[0]?.filter, 'validation');
  equal(guest.end, null);
});

test('destroyed memory that the GPU may still use holds the guest up', async () => {
  const waiting: (() => void)[] = [];
  mock.method(NullQueue.prototype, 'onSubmittedWorkDone', () => new Promise<void>((resolve) => waiting.push(resolve)));
  try {
    const { guest, device } = await greeted(nullBackend(), { limits: { writeBytesInFlightMax: 1024 } });
    const churn = (size: number): void => guest.release(guest.buffer(device, { size, usage: BUFFER_USAGE.COPY_DST }));
    churn(600);
    ok(!guest.link.isPaused);
    churn(2000);
    ok(guest.link.isPaused);
    // The first wait was for the first buffer alone; what is left is more than the limit still.
    waiting.shift()?.();
    await settled();
    ok(guest.link.isPaused);
    waiting.shift()?.();
    await settled();
    ok(!guest.link.isPaused);
    equal(guest.end, null);
  } finally {
    mock.restoreAll();
  }
});

test('a lost device holds no error scopes, however many are pushed', async () => {
  const { guest, device } = await greeted(nullBackend(), { limits: { errorScopeDepthMax: 4 } });
  for (let i = 0; i < 4; i++) guest.push(device, 'validation');
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  for (let i = 0; i < 8; i++) guest.push(device, 'validation');
  const second = await guest.device();
  for (let i = 0; i < 4; i++) guest.push(second, 'validation');
  deepEqual(await guest.pop(device), { kind: 'scope', filter: null, message: '' });
  equal(guest.end, null);
});
