/** Which render passes are recorded, and when: seen from the packets that a device sends. */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { RECORDED } from '@gpup/wire/numbers';
import type { GPUAdapter } from './generated/interfaces.gen.ts';
import { fingerprintOf } from './recorded-words.ts';
import { openGpu } from './testing/open-device.ts';
import { ScriptedLink } from './testing/scripted-link.ts';

/** The protocol's minor version that knows recorded passes. */
const REPLAY_MINOR = 1;
/** Each of five words: 130 in all, and 128 are the least that is looked at. */
const DRAW_COUNT = 26;
/** Opcode, length, device, handle, two empty descriptors, count; then commands. */
const COMMANDS_AT = 7;

const ATTACHMENT = { loadOp: 'clear', storeOp: 'store' } as const;

/** A device whose programs send passes of draws. */
async function opened() {
  const link = new ScriptedLink();
  link.welcome = { minor: REPLAY_MINOR, featureLevel: 24 };
  const adapter = (await openGpu(link).gpu.requestAdapter()) as GPUAdapter;
  const device = await adapter.requestDevice();
  const view = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: 0x10 }).createView();
  const commands = (): Uint32Array => (link.sent('GPUCommandEncoder.finish').at(-1) as Uint32Array).subarray(COMMANDS_AT);
  return {
    link,
    /** The number of the recorded pass that was named, or null where the pass was sent whole. `vertices`: of each draw. */
    send(vertices: readonly number[]): number | null {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginRenderPass({ colorAttachments: [{ view, ...ATTACHMENT }] });
      for (const count of vertices) pass.draw(count);
      pass.end();
      encoder.finish();
      device.queue.submit([]);
      return replayedIn(commands());
    },
    definedCount: (): number => link.sent('RecordedPass.define').length,
  };
}

function replayedIn(commands: Uint32Array): number | null {
  for (let at = 0; at < commands.length; at += (commands[at] as number) >>> 16) {
    if (((commands[at] as number) & 0xffff) === RECORDED['RecordedPass.replay']) return commands[at + 1] as number;
  }
  return null;
}

/** Draws that are like no other's: the first one has the number in it. */
const drawsOf = (number: number): number[] => [number, ...Array<number>(DRAW_COUNT - 1).fill(3)];

test('a pass is sent whole twice, recorded with the third time, and named from then on', async () => {
  const { send, definedCount } = await opened();
  deepEqual([send(drawsOf(1)), send(drawsOf(1)), definedCount()], [null, null, 0]);
  const pass = send(drawsOf(1));
  ok(pass !== null);
  for (let frame = 0; frame < 100; frame++) equal(send(drawsOf(1)), pass);
  equal(definedCount(), 1);
});

test('a pass that is hardly longer than its name is always sent', async () => {
  const { send, definedCount } = await opened();
  for (let frame = 0; frame < 20; frame++) equal(send(drawsOf(1).slice(1)), null);
  equal(definedCount(), 0);
});

test('a program that never repeats a pass records none', async () => {
  const { send, definedCount } = await opened();
  for (let frame = 0; frame < 2_000; frame++) equal(send(drawsOf(frame)), null);
  equal(definedCount(), 0);
});

test('several passes that come again and again are each named by their own number', async () => {
  const { send, definedCount } = await opened();
  const named = new Map<number, number>();
  for (let frame = 0; frame < 40; frame++) {
    for (let number = 1; number <= 8; number++) {
      const pass = send(drawsOf(number));
      if (frame < 2) equal(pass, null);
      else equal(pass, named.get(number) ?? pass);
      if (pass !== null) named.set(number, pass);
    }
  }
  deepEqual([definedCount(), new Set(named.values()).size], [8, 8]);
});

test('passes that come three times and never again cost a program little: recording has to be earned', async () => {
  const { send, definedCount } = await opened();
  for (let number = 1; number <= 400; number++) for (let time = 0; time < 3; time++) send(drawsOf(number));
  // Eight to begin with, and one for each 64 passes.
  ok(definedCount() <= 8 + Math.ceil((3 * 400) / 64), `${definedCount()} passes were recorded`);
  for (let frame = 0; frame < 200; frame++) send(drawsOf(1_000_000));
  ok(send(drawsOf(1_000_000)) !== null, 'and whoever begins to repeat late gets the chance');
});

/** A pass of so many draws, and which of them is no part of its fingerprint. */
function overlooked(): { readonly draws: readonly number[]; readonly at: number } {
  const wordsOf = (draws: readonly number[]): Uint32Array => Uint32Array.from(draws.flatMap((count) => [0, count, 1, 0, 0]));
  const printOf = (draws: readonly number[]): number => fingerprintOf(wordsOf(draws), 0, draws.length * 5);
  const draws = Array<number>(100).fill(3);
  const at = draws.findIndex((_, index) => printOf(draws.with(index, 7)) === printOf(draws) && printOf(draws.with(index, 8)) === printOf(draws));
  if (at === -1) throw new Error('There is none: each draw is part of the fingerprint.');
  return { draws, at };
}

test('passes that only look alike are never taken for each other, whatever the order', async () => {
  const { send } = await opened();
  const { draws, at } = overlooked();
  const pair = [draws, draws.with(at, 7)];
  const named = new Map<number, number>();
  for (let frame = 0; frame < 400; frame++) {
    const which = (frame * frame + (frame >> 3)) % 2;
    const pass = send(pair[which] as number[]);
    if (pass === null) continue;
    equal(pass, named.get(which) ?? pass);
    ok(named.get(1 - which) !== pass, `frame ${frame}: ${pass} is the other one's`);
    named.set(which, pass);
  }
  ok(named.size > 0, 'none was named');
});

test('passes that look alike and differ each time are never recorded', async () => {
  const { send, definedCount } = await opened();
  const { draws, at } = overlooked();
  for (let frame = 0; frame < 500; frame++) equal(send(draws.with(at, 1_000 + frame)), null);
  equal(definedCount(), 0);
});

const definedHandle = (link: ScriptedLink, index: number): number => link.sent('RecordedPass.define')[index]?.[3] as number;
/** Opcode, length, count, handles. */
const releasedBy = (link: ScriptedLink): readonly number[] => link.sent('Context.release').flatMap((packet) => [...packet.subarray(3)]);

test('a device has 64 recorded passes at most, and one that is not named any more makes room', async () => {
  const { send, definedCount, link } = await opened();
  // Each one is named often enough for the credit of the next.
  for (let number = 1; number <= 70; number++) for (let time = 0; time < 7; time++) send(drawsOf(number));
  equal(definedCount(), 64);
  equal(send(drawsOf(70)), null, 'there is no room');
  for (let frame = 0; frame < 600; frame++) send(drawsOf(64));
  const first = definedHandle(link, 0);
  ok(!releasedBy(link).includes(first));
  send(drawsOf(70));
  ok(send(drawsOf(70)) !== null, 'the first ones were not named for 512 passes');
  equal(definedCount(), 65);
  ok(releasedBy(link).includes(first));
});

test('a host that knows no recorded passes is sent none', async () => {
  const link = new ScriptedLink();
  const adapter = (await openGpu(link).gpu.requestAdapter()) as GPUAdapter;
  const device = await adapter.requestDevice();
  const view = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: 0x10 }).createView();
  for (let frame = 0; frame < 10; frame++) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, ...ATTACHMENT }] });
    for (const count of drawsOf(1)) pass.draw(count);
    pass.end();
    encoder.finish();
  }
  device.queue.submit([]);
  equal(link.sent('RecordedPass.define').length, 0);
});
