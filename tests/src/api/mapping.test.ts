/** Mapped buffers: https://gpuweb.github.io/gpuweb/#buffer-mapping */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { vfProcesses } from '../soak/vf-processes.ts';
import { TRANSPORTS, api, bytesOf, contentsOf, deviceOf, equalBytes, errorOf, openGpu, submit } from './testing/api.ts';

const MIB = 1 << 20;
const OPERATION_ERROR = { name: 'OperationError' };
const ABORT_ERROR = { name: 'AbortError' };

const readable = (device: GPUDevice, size: number): GPUBuffer => device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
const writable = (device: GPUDevice, size: number): GPUBuffer => device.createBuffer({ size, usage: GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC });

// Writing.

api('a buffer that is mapped at creation is mapped at once, zeroed, and keeps what was written', async (device) => {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  equal(buffer.mapState, 'mapped');
  const range = buffer.getMappedRange();
  deepEqual([...new Uint8Array(range)], new Array(16).fill(0));
  new Uint8Array(range).set(bytesOf(16, 1));
  buffer.unmap();
  equal(buffer.mapState, 'unmapped');
  equal(range.byteLength, 0);
  equalBytes(await contentsOf(device, buffer), bytesOf(16, 1));
});

api('any usage can be mapped at creation', async (device) => {
  for (const usage of [GPUBufferUsage.VERTEX, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST, GPUBufferUsage.MAP_READ]) {
    const buffer = device.createBuffer({ size: 8, usage, mappedAtCreation: true });
    new Uint8Array(buffer.getMappedRange()).fill(1);
    buffer.unmap();
  }
});

api('several ranges of one mapping are written each for itself', async (device) => {
  const buffer = device.createBuffer({ size: 48, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  const ranges = [buffer.getMappedRange(8, 4), buffer.getMappedRange(32), buffer.getMappedRange(16, 8)];
  deepEqual(ranges.map((range) => range.byteLength), [4, 16, 8]);
  for (const [index, range] of ranges.entries()) new Uint8Array(range).fill(index + 1);
  buffer.unmap();
  deepEqual(ranges.map((range) => range.byteLength), [0, 0, 0]);
  const expected = new Uint8Array(48);
  expected.fill(1, 8, 12);
  expected.fill(3, 16, 24);
  expected.fill(2, 32);
  equalBytes(await contentsOf(device, buffer), expected);
});

api('a buffer mapped to be written is pending, then mapped, and shows what it held', async (device) => {
  const buffer = writable(device, 16);
  equal(buffer.mapState, 'unmapped');
  const mapping = buffer.mapAsync(GPUMapMode.WRITE);
  equal(buffer.mapState, 'pending');
  equal(await mapping, undefined);
  equal(buffer.mapState, 'mapped');
  new Uint8Array(buffer.getMappedRange()).set(bytesOf(16, 2));
  buffer.unmap();
  await buffer.mapAsync(GPUMapMode.WRITE, 8, 8);
  const range = buffer.getMappedRange(8, 4);
  deepEqual([...new Uint8Array(range)], [...bytesOf(16, 2).subarray(8, 12)]);
  new Uint8Array(range).fill(0xee);
  buffer.unmap();
  const expected = bytesOf(16, 2);
  expected.fill(0xee, 8, 12);
  equalBytes(await contentsOf(device, buffer), expected);
});

// Reading.

api('a buffer is mapped to be read, whole or in part, again and again', async (device) => {
  const buffer = readable(device, 64);
  device.queue.writeBuffer(buffer, 0, bytesOf(64, 3));
  for (const [offset, size] of [[0, 64], [8, 8], [16, 48], [64, 0], [0, 4]] as const) {
    await buffer.mapAsync(GPUMapMode.READ, offset, size);
    const range = buffer.getMappedRange(offset, size);
    equalBytes(range, bytesOf(64, 3).subarray(offset, offset + size));
    buffer.unmap();
    equal(range.byteLength, 0);
  }
});

api('a mapping shows what was submitted before it, and not what is submitted after it', async (device) => {
  const buffer = readable(device, 4);
  device.queue.writeBuffer(buffer, 0, Uint8Array.of(1, 1, 1, 1));
  const mapping = buffer.mapAsync(GPUMapMode.READ);
  await mapping;
  equalBytes(buffer.getMappedRange(), Uint8Array.of(1, 1, 1, 1));
});

api('what a program writes into a buffer mapped to be read changes nothing', async (device) => {
  const buffer = readable(device, 8);
  await buffer.mapAsync(GPUMapMode.READ);
  new Uint8Array(buffer.getMappedRange()).fill(9);
  buffer.unmap();
  await buffer.mapAsync(GPUMapMode.READ);
  equalBytes(buffer.getMappedRange(), new Uint8Array(8));
});

// Mapped bytes travel in pieces of a mebibyte: one less, as many, one more, and more than are on their way at once.
for (const size of [3 * MIB - 4, 3 * MIB, 3 * MIB + 4, 9 * MIB + 12]) {
  api(`${size} bytes are written and read in pieces`, async (device) => {
    const source = device.createBuffer({ size, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
    const data = bytesOf(size, 4);
    new Uint8Array(source.getMappedRange()).set(data);
    source.unmap();
    const target = readable(device, size);
    submit(device, (encoder) => encoder.copyBufferToBuffer(source, target));
    await target.mapAsync(GPUMapMode.READ);
    equalBytes(target.getMappedRange(), data);
    target.unmap();
    // A part that begins and ends within pieces.
    await target.mapAsync(GPUMapMode.READ, MIB + 8, size - 2 * MIB);
    equalBytes(target.getMappedRange(MIB + 8, size - 2 * MIB), data.subarray(MIB + 8, size - MIB + 8));
    source.destroy();
    target.destroy();
  });
}

api('many mappings at once each get their own bytes', async (device) => {
  const buffers = Array.from({ length: 40 }, (_, i) => {
    const buffer = readable(device, MIB);
    device.queue.writeBuffer(buffer, 0, new Uint8Array(MIB).fill(i));
    return buffer;
  });
  await Promise.all(buffers.map((buffer) => buffer.mapAsync(GPUMapMode.READ)));
  for (const [i, buffer] of buffers.entries()) {
    const bytes = new Uint8Array(buffer.getMappedRange());
    deepEqual([bytes.length, bytes[0], bytes[MIB - 1]], [MIB, i, i]);
    buffer.destroy();
  }
});

// More than the heap holds, and more replies than a host lets wait.
api('80 MiB are mapped at once', async (device) => {
  const size = 80 * MIB;
  const buffer = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST, mappedAtCreation: true });
  const data = bytesOf(size, 6);
  new Uint8Array(buffer.getMappedRange()).set(data);
  buffer.unmap();
  await buffer.mapAsync(GPUMapMode.READ);
  equalBytes(buffer.getMappedRange(), data);
  buffer.destroy();
});

api('72 MiB in nine mappings are on their way at once, one of them given up', async (device) => {
  const size = 8 * MIB;
  const buffers = Array.from({ length: 9 }, (_, i) => {
    const buffer = readable(device, size);
    device.queue.writeBuffer(buffer, size - 8, Uint32Array.of(i, i + 1));
    return buffer;
  });
  const mappings = buffers.map((buffer) => buffer.mapAsync(GPUMapMode.READ));
  buffers[4]?.unmap();
  const outcomes = await Promise.allSettled(mappings);
  deepEqual(outcomes.map(({ status }) => status), buffers.map((_, i) => (i === 4 ? 'rejected' : 'fulfilled')));
  for (const [i, buffer] of buffers.entries()) {
    if (i !== 4) deepEqual([...new Uint32Array(buffer.getMappedRange(size - 8))], [i, i + 1]);
    buffer.destroy();
  }
});

// The memory of ranges that are gone serves the next ones.
api('ranges begin with their own bytes, whatever earlier ones of their size held', async (device) => {
  const size = MIB;
  const created = (): GPUBuffer => device.createBuffer({ size, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  for (const round of [1, 2, 3]) {
    const buffer = created();
    const range = buffer.getMappedRange();
    const words = new Uint32Array(range);
    equal(words.every((word) => word === 0), true);
    words.fill(round);
    buffer.unmap();
    deepEqual([range.byteLength, words.length], [0, 0]);
    const target = readable(device, size);
    submit(device, (encoder) => encoder.copyBufferToBuffer(buffer, target));
    await target.mapAsync(GPUMapMode.READ);
    equal(new Uint32Array(target.getMappedRange()).every((word) => word === round), true);
    const other = created();
    equal(new Uint32Array(other.getMappedRange(0, size / 2)).every((word) => word === 0), true);
    for (const each of [buffer, target, other]) each.destroy();
  }
});

// What is refused.

api('ranges that overlap are refused, ranges that touch are not', async (device) => {
  const buffer = device.createBuffer({ size: 64, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  buffer.getMappedRange(16, 16);
  for (const [offset, size] of [[16, 16], [8, 12], [24, 4], [0, 64], [16, 4]] as const) throws(() => buffer.getMappedRange(offset, size), OPERATION_ERROR);
  equal(buffer.getMappedRange(8, 8).byteLength, 8);
  equal(buffer.getMappedRange(32, 32).byteLength, 32);
  buffer.unmap();
});

api('ranges outside of the mapping and misaligned ones are refused', async (device) => {
  const buffer = writable(device, 64);
  throws(() => buffer.getMappedRange(), OPERATION_ERROR);
  await buffer.mapAsync(GPUMapMode.WRITE, 16, 32);
  for (const [offset, size] of [[0, 4], [8, 16], [16, 36], [40, 16], [48, 8], [20, 4], [16, 2], [16, 6]] as const) {
    throws(() => buffer.getMappedRange(offset, size), OPERATION_ERROR, `${size} bytes at ${offset}`);
  }
  // By default from 0, and to the end of the buffer: both outside.
  throws(() => buffer.getMappedRange(), OPERATION_ERROR);
  throws(() => buffer.getMappedRange(16), OPERATION_ERROR);
  equal(buffer.getMappedRange(16, 32).byteLength, 32);
  equal(buffer.getMappedRange(48, 0).byteLength, 0);
});

api('a second mapping while one is on its way, or there already, is refused', async (device) => {
  const buffer = writable(device, 8);
  const first = buffer.mapAsync(GPUMapMode.WRITE);
  await rejects(buffer.mapAsync(GPUMapMode.WRITE), OPERATION_ERROR);
  await first;
  let second: Promise<undefined> | undefined;
  notNull(await errorOf(device, () => { second = buffer.mapAsync(GPUMapMode.WRITE); second.catch(() => {}); }));
  await rejects(second as Promise<undefined>, OPERATION_ERROR);
  equal(buffer.mapState, 'mapped');
  equal(buffer.getMappedRange().byteLength, 8);
});

for (const [what, usage, args] of [
  ['a usage that cannot be read', 'MAP_WRITE', [1]],
  ['a usage that cannot be written', 'MAP_READ', [2]],
  ['both modes', 'MAP_READ', [3]],
  ['no mode', 'MAP_READ', [0]],
  ['a misaligned offset', 'MAP_READ', [1, 4]],
  ['a misaligned size', 'MAP_READ', [1, 0, 6]],
  ['a size beyond the buffer', 'MAP_READ', [1, 0, 20]],
  ['an offset beyond the buffer', 'MAP_READ', [1, 24]],
] as const) {
  api(`mapping with ${what} is an OperationError and a validation error`, async (device) => {
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage[usage] });
    let mapping: Promise<undefined> | undefined;
    notNull(await errorOf(device, () => { mapping = buffer.mapAsync(...(args as readonly [number, number?, number?])); mapping.catch(() => {}); }));
    await rejects(mapping as Promise<undefined>, OPERATION_ERROR);
    equal(buffer.mapState, 'unmapped');
  });
}

api('sizes that no buffer mapped at creation can have are RangeErrors', async (device) => {
  for (const size of [2, 5]) throws(() => device.createBuffer({ size, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true }), { name: 'RangeError' });
  throws(() => device.createBuffer({ size: 2 ** 52, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true }), { name: 'RangeError' });
});

api('an invalid buffer that is mapped at creation can be written all the same', async (device) => {
  let buffer: GPUBuffer | undefined;
  notNull(await errorOf(device, () => { buffer = device.createBuffer({ size: 16, usage: 0, mappedAtCreation: true }); }));
  equal(buffer?.mapState, 'mapped');
  new Uint8Array(buffer?.getMappedRange() as ArrayBuffer).fill(1);
  buffer?.unmap();
  equal(buffer?.mapState, 'unmapped');
});

api('a mapped buffer cannot be submitted, an unmapped one can', async (device) => {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST, mappedAtCreation: true });
  const clear = (): void => submit(device, (encoder) => encoder.clearBuffer(buffer));
  notNull(await errorOf(device, clear));
  buffer.unmap();
  equal(await errorOf(device, clear), null);
});

// Endings.

for (const [how, end] of [
  ['unmapped', (buffer) => buffer.unmap()],
  ['destroyed', (buffer) => buffer.destroy()],
  ['lost with its device', (_buffer, device) => device.destroy()],
] as readonly (readonly [string, (buffer: GPUBuffer, device: GPUDevice) => void])[]) {
  api(`a buffer that is ${how} has detached ranges`, async (_device, { openDevice }) => {
    const device = await openDevice();
    const created = device.createBuffer({ size: 32, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
    const parts = [created.getMappedRange(0, 8), created.getMappedRange(16, 16)];
    const read = readable(device, 16);
    await read.mapAsync(GPUMapMode.READ);
    const whole = read.getMappedRange();
    const view = new Float32Array(whole);
    for (const buffer of [created, read]) {
      end(buffer, device);
      equal(buffer.mapState, 'unmapped');
      throws(() => buffer.getMappedRange(), OPERATION_ERROR);
    }
    deepEqual([...parts, whole].map((range) => range.byteLength), [0, 0, 0]);
    equal(view.length, 0);
  });

  api(`a mapping that is on its way when its buffer is ${how} is aborted`, async (_device, { openDevice }) => {
    const device = await openDevice();
    const buffer = readable(device, 9 * MIB);
    const mapping = buffer.mapAsync(GPUMapMode.READ);
    mapping.catch(() => {});
    end(buffer, device);
    equal(buffer.mapState, 'unmapped');
    await rejects(mapping, ABORT_ERROR);
    equal(buffer.mapState, 'unmapped');
  });
}

api('a buffer that was unmapped while it was being mapped can be mapped again', async (device) => {
  const buffer = readable(device, 16);
  device.queue.writeBuffer(buffer, 0, bytesOf(16, 5));
  const mappings = Array.from({ length: 5 }, () => {
    const mapping = buffer.mapAsync(GPUMapMode.READ);
    buffer.unmap();
    return rejects(mapping, ABORT_ERROR);
  });
  await buffer.mapAsync(GPUMapMode.READ, 8);
  equalBytes(buffer.getMappedRange(8), bytesOf(16, 5).subarray(8));
  await Promise.all(mappings);
});

api('unmapping and destroying what is not mapped does nothing', async (device) => {
  const buffer = readable(device, 16);
  buffer.unmap();
  buffer.destroy();
  buffer.destroy();
  buffer.unmap();
  equal(buffer.mapState, 'unmapped');
  notNull(await errorOf(device, () => buffer.mapAsync(GPUMapMode.READ).catch(() => {})));
});

api('a mapped buffer that the program transferred elsewhere is unmapped without it', async (device) => {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  const [kept, taken] = [buffer.getMappedRange(0, 8), buffer.getMappedRange(8, 8)];
  new Uint8Array(kept).fill(1);
  structuredClone(taken, { transfer: [taken] });
  buffer.unmap();
  equalBytes(await contentsOf(device, buffer), Uint8Array.of(1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0));
});

// The end of the VF, as a crash of a driver would be.

for (const transport of TRANSPORTS) {
  test(`${transport}: when the VF dies, mapped ranges are detached and mappings are aborted`, async () => {
    const others = new Set(vfProcesses());
    const gpu = await openGpu(transport);
    const vfPid = vfProcesses().find((pid) => !others.has(pid));
    ok(vfPid !== undefined);
    const device = await deviceOf(gpu);
    const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
    const range = buffer.getMappedRange();
    const read = readable(device, 16);
    await read.mapAsync(GPUMapMode.READ);
    const readRange = read.getMappedRange();
    process.kill(vfPid, 'SIGKILL');
    const pending = readable(device, 16).mapAsync(GPUMapMode.READ);
    await rejects(pending, ABORT_ERROR);
    equal((await device.lost).reason, 'unknown');
    deepEqual([range.byteLength, readRange.byteLength, buffer.mapState, read.mapState], [0, 0, 'unmapped', 'unmapped']);
    throws(() => buffer.getMappedRange(), OPERATION_ERROR);
    await rejects(readable(device, 16).mapAsync(GPUMapMode.READ), ABORT_ERROR);
    // A program may go on creating: what it is given behaves as on any lost device.
    const late = device.createBuffer({ size: 8, usage: GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
    equal(late.getMappedRange().byteLength, 8);
    late.unmap();
    // The next adapter comes from a new VF.
    equal((await deviceOf(gpu)).features.has('core-features-and-limits'), true);
  });
}

function notNull(message: string | null): asserts message is string {
  ok(message !== null, 'there is no error');
}
