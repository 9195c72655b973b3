/** Whole command buffers by Dawn's C API: the same results and the same errors, in the same places, as by the binding. */
import { deepEqual, equal, match } from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { RECORDED } from '@gpup/wire/numbers';
import { BUFFER_USAGE, type CompactCommands, type CompactEncoder, NOT_COMPACT, OwnedCommandBuffer } from '../backend.ts';
import { openTestGpu } from '../testing/test-gpu.ts';

const { STORAGE, COPY_SRC, COPY_DST, MAP_READ, INDIRECT } = BUFFER_USAGE;
const BEGIN_PASS = RECORDED['GPUCommandEncoder.beginComputePass'];

const { gpu, compact: found } = await openTestGpu('direct');
const compact = found as CompactCommands;
const adapter = (await gpu.requestAdapter()) as GPUAdapter;
const device = await adapter.requestDevice();
const told: (readonly [string, string])[] = [];
const uncaptured = (filter: string, message: string): void => void told.push([filter, message]);

const module = device.createShaderModule({
  code: '@group(0) @binding(0) var<storage, read_write> v: array<u32>; @compute @workgroup_size(1) fn main(@builtin(workgroup_id) id: vec3u) { v[id.x] += 1u; }',
});
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
const counters = device.createBuffer({ size: 64, usage: STORAGE | COPY_SRC | COPY_DST });
const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: counters } }] });
const calls = device.createBuffer({ size: 12, usage: INDIRECT | COPY_DST });
device.queue.writeBuffer(calls, 0, Uint32Array.of(3, 1, 1));
const back = device.createBuffer({ size: 64, usage: MAP_READ | COPY_DST });

interface Way {
  encoder(): GPUCommandEncoder;
  submit(buffers: readonly GPUCommandBuffer[]): void;
}
const byBinding: Way = { encoder: () => device.createCommandEncoder(), submit: (buffers) => device.queue.submit(buffers) };
const byCompact: Way = {
  encoder: () => compact.open(device, BEGIN_PASS, uncaptured) as unknown as GPUCommandEncoder,
  submit: (buffers) => {
    compact.submit(device.queue, { device, buffers, uncaptured });
    for (const buffer of buffers) if (buffer instanceof OwnedCommandBuffer) buffer.release();
  },
};

function count(encoder: GPUCommandEncoder): void {
  const pass = encoder.beginComputePass({ label: '' });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(2);
  pass.dispatchWorkgroupsIndirect(calls, 0);
  pass.end();
}

async function counted(): Promise<readonly number[]> {
  await back.mapAsync(1);
  const words = [...new Uint32Array(back.getMappedRange().slice(0, 16))];
  back.unmap();
  return words;
}

async function caught(action: () => void): Promise<string> {
  device.pushErrorScope('validation');
  action();
  return (await device.popErrorScope())?.message ?? '';
}

/** Both ways, one after the other. */
async function onBoth<T>(what: (way: Way) => Promise<T>): Promise<readonly [T, T]> {
  return [await what(byBinding), await what(byCompact)];
}

describe('compact command buffers', () => {
  before(() => equal(compact === null, false));

  test('compute, copy and clear', async () => {
    const [expected, actual] = await onBoth(async ({ encoder: open, submit }) => {
      const encoder = open();
      encoder.clearBuffer(counters, 0, 64);
      count(encoder);
      count(encoder);
      encoder.clearBuffer(counters, 4, 4);
      encoder.copyBufferToBuffer(counters, 0, back, 0, 64);
      submit([encoder.finish()]);
      return counted();
    });
    deepEqual(expected, [4, 0, 2, 0]);
    deepEqual(actual, expected);
    deepEqual(told, []);
  });

  test('copies and clears to the end', async () => {
    const [expected, actual] = await onBoth(async ({ encoder: open, submit }) => {
      device.queue.writeBuffer(counters, 0, new Uint32Array(16).fill(7));
      const encoder = open();
      encoder.clearBuffer(counters, 8);
      encoder.copyBufferToBuffer(counters, 4, back, 0, undefined as unknown as number);
      submit([encoder.finish()]);
      return counted();
    });
    deepEqual(expected, [7, 0, 0, 0]);
    deepEqual(actual, expected);
  });

  test('a program whose commands were not for it has its chance again', () => {
    const misses = 20;
    for (let i = 0; i < misses; i++) compact.missed();
    let passedOver = 0;
    while (compact.open(device, BEGIN_PASS, uncaptured) === null) passedOver++;
    equal(passedOver > 0 && passedOver < 1000, true, `${passedOver} passed over`);
    byCompact.encoder()?.finish();
  });

  test('buffers of both ways in one submit', async () => {
    const first = byBinding.encoder();
    first.clearBuffer(counters, 0, 64);
    count(first);
    const second = byCompact.encoder();
    count(second);
    const third = byBinding.encoder();
    third.copyBufferToBuffer(counters, 0, back, 0, 64);
    byCompact.submit([first.finish(), second.finish(), third.finish()]);
    deepEqual(await counted(), [4, 4, 2, 0]);
  });

  test('more buffers in one submit than most have', async () => {
    device.queue.writeBuffer(counters, 0, new Uint32Array(16));
    const buffers = Array.from({ length: 200 }, () => {
      const encoder = byCompact.encoder();
      count(encoder);
      return encoder.finish();
    });
    byCompact.submit(buffers);
    const last = byBinding.encoder();
    last.copyBufferToBuffer(counters, 0, back, 0, 64);
    byBinding.submit([last.finish()]);
    deepEqual(await counted(), [400, 400, 200, 0]);
  });

  const mistakes: Readonly<Record<string, (encoder: GPUCommandEncoder) => void>> = {
    'a pass that is not ended': (encoder) => void encoder.beginComputePass({ label: '' }),
    'a dispatch without a pipeline': (encoder) => {
      const pass = encoder.beginComputePass({ label: '' });
      pass.dispatchWorkgroups(1);
      pass.end();
    },
    'a copy beyond the end': (encoder) => encoder.copyBufferToBuffer(counters, 0, back, 0, 128),
    'a clear that is not aligned': (encoder) => encoder.clearBuffer(counters, 1, 4),
  };
  for (const [name, record] of Object.entries(mistakes)) {
    test(`${name}: the scope catches the same error`, async () => {
      const [expected, actual] = await onBoth(({ encoder: open }) =>
        caught(() => {
          const encoder = open();
          record(encoder);
          const made = encoder.finish();
          if (made instanceof OwnedCommandBuffer) made.release();
        }),
      );
      match(expected, /\w/);
      equal(actual, expected);
      deepEqual(told, []);
    });

    test(`${name}: without a scope it is told at once, and nothing else breaks`, async () => {
      const encoder = byCompact.encoder();
      record(encoder);
      const made = encoder.finish();
      equal(told.length, 1);
      equal(told[0]?.[0], 'validation');
      match(told[0]?.[1] ?? '', /\w/);
      byCompact.submit([made]);
      equal(told.length, 2, 'an invalid command buffer is submitted');
      told.length = 0;
    });
  }

  test('a submit that names a destroyed buffer', async () => {
    const [expected, actual] = await onBoth(({ encoder: open, submit }) => {
      const gone = device.createBuffer({ size: 16, usage: COPY_DST });
      const encoder = open();
      encoder.clearBuffer(gone, 0, 16);
      const made = encoder.finish();
      gone.destroy();
      return caught(() => submit([made]));
    });
    match(expected, /destroyed/);
    equal(actual, expected);
  });

  test('an exception of whoever is told comes out of the call, and the next call is sound', () => {
    const refusing = compact.open(device, BEGIN_PASS, () => {
      throw new Error('no room');
    }) as CompactEncoder & GPUCommandEncoder;
    refusing.beginComputePass({ label: '' });
    let message = '';
    try {
      refusing.finish();
    } catch (error) {
      ({ message } = error as Error);
    }
    equal(message, 'no room');
    const encoder = byCompact.encoder();
    count(encoder);
    byCompact.submit([encoder.finish()]);
    deepEqual(told, []);
  });

  test('what is not for it is said so, and leaves nothing open', async () => {
    equal(compact.open(device, RECORDED['GPUCommandEncoder.beginRenderPass'], uncaptured), null);
    const others: readonly ((encoder: GPUCommandEncoder) => void)[] = [
      (encoder) => encoder.beginRenderPass({ colorAttachments: [] }),
      (encoder) => encoder.beginComputePass({ label: 'named' }),
      (encoder) => encoder.pushDebugGroup('g'),
      (encoder) => encoder.beginComputePass({ label: '' }).pushDebugGroup('g'),
    ];
    for (const record of others) {
      const encoder = byCompact.encoder();
      let thrown: unknown;
      try {
        record(encoder);
      } catch (error) {
        thrown = error;
      }
      equal(thrown, NOT_COMPACT);
      (encoder as unknown as CompactEncoder).discard();
    }
    equal(await caught(() => {}), '');
  });

  test('ten thousand small submits leave the memory as it is', async () => {
    const rounds = async (submitCount: number): Promise<number> => {
      for (let i = 0; i < submitCount; i++) {
        const encoder = byCompact.encoder();
        count(encoder);
        byCompact.submit([encoder.finish()]);
        if (i % 50 === 49) await device.queue.onSubmittedWorkDone();
      }
      return process.memoryUsage().rss;
    };
    const before = await rounds(2000);
    const after = await rounds(10_000);
    equal(after - before < 64 * 2 ** 20, true, `${before} bytes, then ${after}`);
  });
});

test('the process ends', () => {
  // npm webgpu does not survive that they are collected before the device's work is done.
  equal([gpu, adapter].length, 2);
  // npm webgpu may not end by itself: the runner ends this file with its last test.
  setImmediate(() => process.exit());
});
