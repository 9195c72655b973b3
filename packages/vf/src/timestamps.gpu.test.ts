/**
 * What a guest can get to see of the GPU's clock, on a real device: however queries are written, and by whatever way
 * their values reach the guest. Fine ones are the control: the same clock is finer there.
 */
import { deepEqual, equal, notEqual, ok } from 'node:assert/strict';
import { after, test } from 'node:test';
import type { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, TEXTURE_USAGE } from './backend.ts';
import { type Greeted, clearPass } from './testing/greeted.ts';
import { ScriptedGuest, extent, recorded } from './testing/scripted-guest.ts';
import { openTestGpu } from './testing/test-gpu.ts';
import { COARSE_GRAIN_NS } from './timestamps.ts';

const { COPY_SRC, COPY_DST, STORAGE, QUERY_RESOLVE } = BUFFER_USAGE;
const GRAIN = BigInt(COARSE_GRAIN_NS);
const QUERY_BYTES = 8;
/** What is resolved begins at a multiple of 256 bytes. */
const ALIGNED_COUNT = 32;
const PASS_COUNT = 32;
const QUERY_COUNT = 2 * PASS_COUNT;
/** Of a device that asks for no better limits. Dawn binds the whole buffer to round what is in it. */
const BINDING_BYTES_MAX = 2 ** 27;

type Record = (w: Writer) => void;

class Clocked implements Greeted {
  readonly guest: ScriptedGuest;
  readonly device: Greeted['device'];
  readonly set: number;
  readonly #pipeline: number;
  readonly #group: number;

  constructor(guest: ScriptedGuest, device: Greeted['device']) {
    this.guest = guest;
    this.device = device;
    this.set = guest.querySet(device, QUERY_COUNT, 'timestamp');
    this.#pipeline = guest.computePipeline(device, guest.module(device, `
      @group(0) @binding(0) var<storage, read_write> v: array<u32>;
      @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) { for (var i = 0u; i < 20u; i++) { v[id.x] += i * id.x; } }`));
    const worked = guest.buffer(device, { size: 256, usage: STORAGE });
    this.#group = guest.bindGroup(device, guest.layoutOf(this.#pipeline, 0), [{ handle: worked }]);
  }

  readonly work: Record = (w) => {
    encode.recordGPUComputePassEncoderSetPipeline(w, { handle: this.#pipeline });
    encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: this.#group }, []);
    encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
    encode.recordGPUComputePassEncoderEnd(w);
  };

  writes(pass: number): { readonly querySet: { readonly handle: number }; readonly beginningOfPassWriteIndex: number; readonly endOfPassWriteIndex: number } {
    return { querySet: { handle: this.set }, beginningOfPassWriteIndex: 2 * pass, endOfPassWriteIndex: 2 * pass + 1 };
  }

  resolve(w: Writer, buffer: number, { first = 0, count = QUERY_COUNT, offset = 0 } = {}): void {
    encode.recordGPUCommandEncoderResolveQuerySet(w, { handle: this.set }, first, count, { handle: buffer }, offset);
  }

  buffer(queryCount: number, usage = 0): number {
    return this.guest.buffer(this.device, { size: queryCount * QUERY_BYTES, usage: QUERY_RESOLVE | COPY_SRC | usage });
  }

  async values(buffer: number, { first = 0, count = QUERY_COUNT } = {}): Promise<readonly bigint[]> {
    const bytes = await this.guest.contents(this.device, buffer, (first + count) * QUERY_BYTES);
    return [...new BigUint64Array(bytes.slice().buffer)].slice(first);
  }
}

async function clocked(timestamps: 'coarse' | 'fine'): Promise<Clocked> {
  const guest = new ScriptedGuest({ backend: await openTestGpu('auto', timestamps) });
  guest.hello();
  return new Clocked(guest, await guest.device(['timestamp-query']));
}

const [coarse, fine] = [await clocked('coarse'), await clocked('fine')];
after(async () => {
  for (const { guest, device } of [coarse, fine]) {
    await guest.done(device);
    guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  }
});

/** Each writes every query of the set. */
const WRITERS: Readonly<{ [what: string]: (clock: Clocked) => Record }> = {
  'compute passes': (clock) => (w) => {
    for (let pass = 0; pass < PASS_COUNT; pass++) {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '', timestampWrites: clock.writes(pass) });
      clock.work(w);
    }
  },
  'render passes': (clock) => {
    const view = targetView(clock);
    return (w) => {
      for (let pass = 0; pass < PASS_COUNT; pass++) {
        encode.recordGPUCommandEncoderBeginRenderPass(w, { ...clearPass(view), timestampWrites: clock.writes(pass) });
        encode.recordGPURenderPassEncoderEnd(w);
      }
    };
  },
  'recorded passes that are replayed': (clock) => {
    const { guest, device } = clock;
    const view = targetView(clock);
    const recordedPass = guest.handle();
    const layout = { label: '', colorFormats: ['rgba8unorm'], sampleCount: 1, depthReadOnly: false, stencilReadOnly: false } as const;
    const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
    const block = recorded((w) => {
      encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
      encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
    });
    guest.post((w) => encode.encodeRecordedPassDefine(w, device.handle, recordedPass, layout, 1, block));
    return (w) => {
      for (let pass = 0; pass < PASS_COUNT; pass++) {
        encode.recordGPUCommandEncoderBeginRenderPass(w, { ...clearPass(view), timestampWrites: clock.writes(pass) });
        encode.recordRecordedPassReplay(w, { handle: recordedPass });
        encode.recordGPURenderPassEncoderEnd(w);
      }
    };
  },
};

const TRIANGLE = `
  @vertex fn vs(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return vec4f(f32(i32(i & 1u) * 4 - 1), f32(i32(i >> 1u) * 4 - 1), 0, 1); }
  @fragment fn fs() -> @location(0) vec4f { return vec4f(1, 0, 0, 1); }`;

function targetView({ guest, device }: Clocked): number {
  return guest.view(guest.texture(device, { size: extent(4, 4), usage: TEXTURE_USAGE.RENDER_ATTACHMENT }));
}

type Reader = (clock: Clocked, write: Record) => Promise<readonly bigint[]>;

/** Ways by which the values come to a guest. */
const READERS: Readonly<{ [what: string]: Reader }> = {
  'resolved with the passes': async (clock, write) => {
    const buffer = clock.buffer(QUERY_COUNT);
    clock.guest.run(clock.device, (w) => {
      write(w);
      clock.resolve(w, buffer);
    });
    return clock.values(buffer);
  },
  'resolved by a later submit, beside one that is recorded the short way': async (clock, write) => {
    const buffer = clock.buffer(QUERY_COUNT);
    const short = (w: Writer): void => {
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      clock.work(w);
    };
    const { guest, device } = clock;
    guest.submit(device, guest.commandBuffer(device, short), guest.commandBuffer(device, write), guest.commandBuffer(device, short));
    guest.submit(device, guest.commandBuffer(device, short), guest.commandBuffer(device, (w) => clock.resolve(w, buffer)));
    return clock.values(buffer);
  },
  'resolved in the middle of a larger buffer': async (clock, write) => {
    const first = 5 * ALIGNED_COUNT;
    const buffer = clock.buffer(8192);
    clock.guest.run(clock.device, (w) => {
      write(w);
      clock.resolve(w, buffer, { offset: first * QUERY_BYTES });
    });
    return clock.values(buffer, { first });
  },
  'resolved in parts, some of them twice': async (clock, write) => {
    const buffer = clock.buffer(QUERY_COUNT);
    clock.guest.run(clock.device, (w) => {
      write(w);
      clock.resolve(w, buffer);
      clock.resolve(w, buffer, { first: ALIGNED_COUNT, count: ALIGNED_COUNT, offset: ALIGNED_COUNT * QUERY_BYTES });
      for (let first = 0; first < ALIGNED_COUNT; first++) clock.resolve(w, buffer, { first, count: ALIGNED_COUNT - first, offset: 0 });
      clock.resolve(w, buffer, { count: ALIGNED_COUNT });
    });
    return clock.values(buffer);
  },
  'read by a shader from the buffer that they are resolved to': async (clock, write) => {
    const { guest, device } = clock;
    const buffer = clock.buffer(QUERY_COUNT, STORAGE);
    const copy = clock.buffer(QUERY_COUNT, STORAGE);
    const pipeline = guest.computePipeline(device, guest.module(device, `
      @group(0) @binding(0) var<storage, read> times: array<u32>;
      @group(0) @binding(1) var<storage, read_write> copy: array<u32>;
      @compute @workgroup_size(${2 * QUERY_COUNT}) fn main(@builtin(global_invocation_id) id: vec3u) { copy[id.x] = times[id.x]; }`));
    const group = guest.bindGroup(device, guest.layoutOf(pipeline, 0), [{ handle: buffer }, { handle: copy }]);
    guest.run(device, (w) => {
      write(w);
      clock.resolve(w, buffer);
      encode.recordGPUCommandEncoderBeginComputePass(w, { label: '' });
      encode.recordGPUComputePassEncoderSetPipeline(w, { handle: pipeline });
      encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: group }, []);
      encode.recordGPUComputePassEncoderDispatchWorkgroups(w, 1, 1, 1);
      encode.recordGPUComputePassEncoderEnd(w);
    });
    return clock.values(copy);
  },
};

for (const [written, writerOf] of Object.entries(WRITERS)) {
  for (const [read, reader] of Object.entries(READERS)) {
    test(`of ${written}, ${read}`, async () => {
      for (const clock of [coarse, fine]) {
        const values = await reader(clock, writerOf(clock));
        equal(clock.guest.end, null);
        deepEqual(clock.guest.uncaptured, []);
        equal(values.length, QUERY_COUNT);
        ok(values.every((value, index) => value > 0n && value >= (values[index - 1] ?? 0n)), `They go back: ${values.join()}`);
        equal(values.every((value) => value % GRAIN === 0n), clock === coarse, values.join());
      }
    });
  }
}

test('a query that nobody has written is 0, and others count what they count', async () => {
  const { guest, device } = coarse;
  const unwritten = guest.querySet(device, 1, 'timestamp');
  const occlusion = guest.querySet(device, 1, 'occlusion');
  const view = targetView(coarse);
  const pipeline = guest.renderPipeline(device, guest.module(device, TRIANGLE));
  const [times, counts] = [coarse.buffer(1), coarse.buffer(1)];
  guest.run(device, (w) => {
    encode.recordGPUCommandEncoderBeginRenderPass(w, { ...clearPass(view), occlusionQuerySet: { handle: occlusion } });
    encode.recordGPURenderPassEncoderBeginOcclusionQuery(w, 0);
    encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: pipeline });
    encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
    encode.recordGPURenderPassEncoderEndOcclusionQuery(w);
    encode.recordGPURenderPassEncoderEnd(w);
    encode.recordGPUCommandEncoderResolveQuerySet(w, { handle: unwritten }, 0, 1, { handle: times }, 0);
    encode.recordGPUCommandEncoderResolveQuerySet(w, { handle: occlusion }, 0, 1, { handle: counts }, 0);
  });
  deepEqual(await coarse.values(times, { count: 1 }), [0n]);
  notEqual((await coarse.values(counts, { count: 1 }))[0], 0n);
});

test('a buffer that is not declared for it, or that the rounding cannot bind: an error, and nothing is resolved', async () => {
  const { guest, device } = coarse;
  const write = (WRITERS['compute passes'] as (clock: Clocked) => Record)(coarse);
  for (const [queryCount, usage, isRight] of [
    [QUERY_COUNT, STORAGE, false],
    [QUERY_COUNT, QUERY_RESOLVE, true],
    [BINDING_BYTES_MAX / QUERY_BYTES, QUERY_RESOLVE, true],
    [BINDING_BYTES_MAX / QUERY_BYTES + ALIGNED_COUNT, QUERY_RESOLVE, false],
  ] as const) {
    const buffer = guest.buffer(device, { size: queryCount * QUERY_BYTES, usage: usage | COPY_SRC | COPY_DST });
    const error = await guest.errorOf(device, () => guest.run(device, (w) => {
      write(w);
      coarse.resolve(w, buffer);
    }));
    equal(error === null, isRight, `${queryCount} queries: ${error}`);
    const values = await coarse.values(buffer);
    ok(values.every((value) => (isRight ? value > 0n && value % GRAIN === 0n : value === 0n)), values.join());
    guest.release(buffer);
  }
});
