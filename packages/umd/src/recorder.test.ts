import { deepEqual, equal, notEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { RECORDED } from '@gpup/wire/numbers';
import { Recorder } from './recorder.ts';
import { openDevice } from './testing/open-device.ts';

/** Numbers of the recorded commands in a packet of finish(): opcode, length, device, handle, two empty descriptors, count, commands. */
function commandsOf(packet: Uint32Array): number[] {
  const commands: number[] = [];
  for (let at = 7; at < packet.length; at += (packet[at] as number) >>> 16) commands.push((packet[at] as number) & 0xffff);
  return commands;
}

test('what one recorder holds is gone when it is used again', () => {
  const first = Recorder.open();
  first.u32(1);
  first.fail('for a test');
  const { stamp } = first;
  first.retire();
  const second = Recorder.open();
  equal(second, first);
  deepEqual([second.length, second.current, second.isFailed], [0, null, false]);
  notEqual(second.stamp, stamp);
  second.retire();
});

test('an encoder that is finished a second time leaves the commands of the next one alone', async () => {
  const { device, link } = await openDevice();
  const first = device.createCommandEncoder();
  first.finish();
  const second = device.createCommandEncoder();
  second.insertDebugMarker('kept');
  first.finish();
  first.insertDebugMarker('refused');
  second.finish();
  device.queue.submit([]);
  const [, again, kept] = link.sent('GPUCommandEncoder.finish').map(commandsOf);
  deepEqual(again, [RECORDED['Encoder.fail']]);
  deepEqual(kept, [RECORDED['GPUDebugCommandsMixin.insertDebugMarker']]);
});

test('a pass that is still held when its encoder is finished records nothing for the next one', async () => {
  const { device, link } = await openDevice();
  const first = device.createCommandEncoder();
  const pass = first.beginComputePass();
  first.finish();
  const second = device.createCommandEncoder();
  pass.dispatchWorkgroups(1);
  pass.end();
  second.finish();
  device.queue.submit([]);
  deepEqual(link.sent('GPUCommandEncoder.finish').map(commandsOf).at(-1), []);
});
