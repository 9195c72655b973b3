import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { BUFFER_USAGE, MAP_MODE } from './backend.ts';
import { nullBackend } from './null/null-backend.ts';
import { finished, greeted, settled } from './testing/greeted.ts';

test('a device that is lost by itself tells why, and the context lives on', async () => {
  const backend = nullBackend();
  const { guest, device } = await greeted(backend);
  const buffer = guest.buffer(device, { size: 64, usage: BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST });
  equal((await guest.map(buffer, MAP_MODE.READ, { size: 64 })).kind, 'data');
  guest.push(device, 'validation');
  guest.inject(device, 'validation', 'before');
  backend.loseDevices('The GPU fell off the bus.');
  await settled();
  deepEqual(guest.lostDevices, [{ device: device.handle, reason: 'unknown', message: 'The GPU fell off the bus.' }]);
  deepEqual(await guest.pop(device), { kind: 'scope', filter: null, message: '' });
  const { vramBytes, mappedBytes, deviceCount } = guest.processor.statistics();
  deepEqual({ vramBytes, mappedBytes, deviceCount }, { vramBytes: 0, mappedBytes: 0, deviceCount: 1 });
  const reply = await guest.map(buffer, MAP_MODE.READ, { size: 64 });
  equal(reply.kind === 'error' && reply.name, 'AbortError');
  const second = await guest.device();
  equal(await guest.errorOf(second, () => { guest.buffer(second, { size: 4, usage: BUFFER_USAGE.COPY_DST }); }), null);
  deepEqual(guest.uncaptured, []);
  await finished({ guest, device: second });
  equal(guest.end, null);
});

test('every device is told that it is lost, once', async () => {
  const backend = nullBackend();
  const { guest, device } = await greeted(backend);
  const second = await guest.device();
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, second.handle));
  backend.loseDevices('gone');
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  await settled();
  deepEqual(
    guest.lostDevices.map(({ device: handle, reason }) => [handle, reason]).sort(),
    [[device.handle, 'unknown'], [second.handle, 'destroyed']].sort(),
  );
});

test('a device that nobody can name any more is not spoken of', async () => {
  const backend = nullBackend();
  const { guest } = await greeted(backend);
  const second = await guest.device();
  guest.release(second.handle, second.queue);
  await settled();
  deepEqual(guest.lostDevices, []);
  equal(guest.processor.statistics().deviceCount, 1);
});
