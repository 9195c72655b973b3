import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { RECORDED } from '@gpup/wire/numbers';
import { planPass } from './pass-plan.ts';
import { recorded } from './testing/scripted-guest.ts';

const NAMES = new Map<number, string | undefined>(Object.entries(RECORDED).map(([name, op]) => [op, name.split('.')[1]]));

function namesIn(words: Uint32Array, begin: number, end: number): string[] {
  const names: string[] = [];
  for (let at = begin; at < end; at += (words[at] as number) >>> 16) names.push(NAMES.get((words[at] as number) & 0xffff) as string);
  return names;
}

/** Each step as the names of its commands, bundles as lists inside the list. */
function planOf(record: (w: Writer) => void, isEager = true): unknown {
  const commands = recorded(record);
  const plan = planPass(commands, isEager);
  return plan?.map((step) => (step.kind === 'bundle' ? namesIn(step.words, 0, step.words.length) : namesIn(commands.words, step.begin, step.end).join(' '))) ?? null;
}

const pipeline = (w: Writer): void => encode.recordGPURenderCommandsMixinSetPipeline(w, { handle: 1 });
const group = (w: Writer, index = 0): void => encode.recordGPUBindingCommandsMixinSetBindGroup(w, index, { handle: 2 }, []);
const draw = (w: Writer): void => encode.recordGPURenderCommandsMixinDraw(w, 3, 1, 0, 0);
const scissor = (w: Writer): void => encode.recordGPURenderPassEncoderSetScissorRect(w, 0, 0, 1, 1);
const reference = (w: Writer): void => encode.recordGPURenderPassEncoderSetStencilReference(w, 1);
const bundles = (w: Writer): void => encode.recordGPURenderPassEncoderExecuteBundles(w, [{ handle: 3 }]);
const all = (...commands: ((w: Writer) => void)[]) => (w: Writer): void => { for (const command of commands) command(w); };

test('a pass of state and draws is one bundle', () => {
  deepEqual(planOf(all(pipeline, group, draw, draw)), [['setPipeline', 'setBindGroup', 'draw', 'draw']]);
});

test('what a bundle may not hold ends it, and the next one sets the state again', () => {
  deepEqual(planOf(all(pipeline, group, draw, scissor, reference, draw)), [
    ['setPipeline', 'setBindGroup', 'draw'],
    'setScissorRect setStencilReference',
    ['setPipeline', 'setBindGroup', 'draw'],
  ]);
});

test('state before and after dynamic state is set in one bundle', () => {
  deepEqual(planOf(all(pipeline, scissor, group, reference, draw)), ['setScissorRect', 'setStencilReference', ['setPipeline', 'setBindGroup', 'draw']]);
});

test('a bundle inherits the last command of each slot only', () => {
  deepEqual(planOf(all(pipeline, group, (w) => group(w, 1), group, draw, scissor, draw))?.toString(), [
    ['setPipeline', 'setBindGroup', 'setBindGroup', 'setBindGroup', 'draw'],
    'setScissorRect',
    ['setPipeline', 'setBindGroup', 'setBindGroup', 'draw'],
  ].toString());
});

test('the bundles of the application forget the state, also that which nothing was drawn with', () => {
  deepEqual(planOf(all(pipeline, bundles, draw)), [['setPipeline'], 'executeBundles', ['draw']]);
});

test('state behind the last draw is kept: what it names is used by the pass', () => {
  deepEqual(planOf(all(pipeline, draw, scissor, group)), [['setPipeline', 'draw'], 'setScissorRect', ['setPipeline', 'setBindGroup']]);
});

test('indirect draws and immediates keep a pass out of bundles', () => {
  equal(planOf(all(pipeline, draw, (w) => encode.recordGPURenderCommandsMixinDrawIndirect(w, { handle: 4 }, 0))), null);
  equal(planOf(all(pipeline, draw, (w) => encode.recordGPUBindingCommandsMixinSetImmediates(w, 0, new Uint8Array(4)))), null);
});

test('a pass without draws or state has no bundle', () => {
  equal(planOf(scissor), null);
  equal(planOf(() => {}), null);
});

test('bundles that are too short to pay are not made, unless they are asked for', () => {
  const short = all(pipeline, draw, scissor, draw);
  equal(planOf(short, false), null);
  notEqual(planOf(short, true), null);
  notEqual(planOf((w) => { for (let i = 0; i < 16; i++) draw(w); }, false), null);
  equal(planOf((w) => { for (let i = 0; i < 15; i++) draw(w); }, false), null);
});

// Both would make the words of the bundles grow with the square of what the guest sends.
test('slots beyond any limit, and long state set again and again, keep a pass out of bundles', () => {
  notEqual(planOf(all((w) => group(w, 15), draw)), null);
  equal(planOf(all((w) => group(w, 16), draw)), null);
  const offsets = new Array<number>(2000).fill(0);
  equal(planOf((w) => {
    encode.recordGPUBindingCommandsMixinSetBindGroup(w, 0, { handle: 2 }, offsets);
    for (let i = 0; i < 10; i++) all(draw, scissor)(w);
  }), null);
});
