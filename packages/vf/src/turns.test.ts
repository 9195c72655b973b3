import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot, PartitionPage, pageBytes } from '@gpup/vidmm';
import { handles } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { ESCAPES } from '@gpup/wire/escapes';
import { BUFFER_USAGE } from './backend.ts';
import { type NullBackend, nullBackend } from './null/null-backend.ts';
import { greeted, settled } from './testing/greeted.ts';
import type { ScriptedGuest } from './testing/scripted-guest.ts';
import { ScriptedTurns } from './testing/scripted-turns.ts';

const { COPY_SRC, COPY_DST } = BUFFER_USAGE;
const [INTERACTIVE, THROUGHPUT] = [1, 2];

function faultOf({ end }: ScriptedGuest): string | null {
  return end?.type === 'fault' ? end.code : null;
}

/** A context whose turn is over, and that has submitted a copy from one buffer to another. */
async function waiting(options: Partial<ConstructorParameters<typeof ScriptedGuest>[0]> = {}) {
  const turns = new ScriptedTurns();
  const backend = nullBackend();
  const context = await greeted(backend, { turns, nowMs: turns.nowMs, ...options });
  const { guest, device } = context;
  const [source, destination] = [1, 2].map(() => guest.buffer(device, { size: 4, usage: COPY_SRC | COPY_DST })) as [number, number];
  guest.writeBuffer(device, source, 0, Uint8Array.of(1, 2, 3, 4));
  guest.processor.grantTurn({ serial: 1, untilUs: 0, yields: false });
  guest.run(device, (w) => encode.recordGPUCommandEncoderCopyBufferToBuffer(w, { handle: source }, 0, { handle: destination }, 0, 4));
  deepEqual(turns.said, [{ type: 'turn-over', serial: 1 }, { type: 'turn-wanted', serial: 1 }]);
  equal(guest.link.isPaused, true);
  const open = (): void => guest.processor.grantTurn({ serial: 2, untilUs: turns.untilUs(10), yields: false });
  return { ...context, backend: backend as NullBackend, turns, destination, open };
}

for (const [what, heapBytes] of [['an aperture', 1 << 16], ['a stream', null]] as const) {
  test(`over ${what} what came before a submit that waits is answered, and what came after it waits`, async () => {
    const { guest, device, destination, open } = await waiting({ heapBytes });
    let isDone = false;
    const done = guest.done(device).then(() => { isDone = true; });
    const contents = guest.contents(device, destination, 4);
    await settled();
    equal(isDone, false);
    equal(guest.processor.statistics().submitSerial, 0);
    open();
    await done;
    guest.processor.freeTurn();
    deepEqual(await contents, Uint8Array.of(1, 2, 3, 4));
    equal(guest.end, null);
  });
}

test('a request that was open when a submit began to wait is answered meanwhile', async () => {
  const turns = new ScriptedTurns();
  const { guest, device } = await greeted(nullBackend(), { turns, nowMs: turns.nowMs });
  guest.push(device, 'validation');
  const popped = guest.pop(device);
  guest.processor.grantTurn({ serial: 1, untilUs: 0, yields: false });
  guest.submit(device);
  equal((await popped).kind, 'scope');
});

test('the errors of a submit that has waited are in the scope that was open for it', async () => {
  const { guest, device, open } = await waiting();
  open();
  const command = guest.commandBuffer(device, () => {});
  guest.processor.grantTurn({ serial: 3, untilUs: 0, yields: false });
  const error = guest.errorOf(device, () => guest.submit(device, command, command));
  await settled();
  open();
  equal(await error, 'A command buffer was submitted before, or is named twice.\n - While calling [Queue].Submit.');
  deepEqual(guest.uncaptured, []);
});

test('a submit that breaks the protocol does so when its turn comes', async () => {
  const { guest, device, open } = await waiting();
  open();
  await settled();
  guest.processor.grantTurn({ serial: 3, untilUs: 0, yields: false });
  guest.post((w) => encode.encodeGPUQueueSubmit(w, device.queue, [handles.makeHandle(999, 0)]));
  equal(faultOf(guest), null);
  open();
  equal(faultOf(guest), 'stale-handle');
});

test('a context that ends while a submit waits executes nothing more, and says nothing', async () => {
  for (const end of [
    ({ guest }: { guest: ScriptedGuest }) => guest.link.close(),
    ({ guest }: { guest: ScriptedGuest }) => guest.processor.close('over', 'It is over.'),
  ]) {
    const context = await waiting();
    const { guest, turns, open } = context;
    end(context);
    open();
    guest.processor.freeTurn();
    guest.processor.hostChanged(true);
    turns.pass(1000);
    await settled();
    equal(guest.processor.statistics().submitSerial, 0);
    equal(turns.said.length, 2);
    equal(guest.end === null, false);
  }
});

test('a device that is lost while a submit waits: the guest hears of it, and the submit does nothing', async () => {
  const { guest, device, backend, open } = await waiting();
  backend.loseDevices('The GPU fell off the bus.');
  await settled();
  equal(guest.lostDevices.length, 1);
  open();
  const done = await guest.done(device);
  equal(done.kind, 'done');
  deepEqual([guest.processor.statistics().submitSerial, guest.link.completedSerial, guest.end], [1, 1, null]);
});

test('a device that is destroyed behind a submit that waits has executed it before', async () => {
  const { guest, device, open } = await waiting();
  guest.post((w) => encode.encodeGPUDeviceDestroy(w, device.handle));
  await settled();
  deepEqual(guest.lostDevices, []);
  open();
  await settled();
  equal(guest.lostDevices.length, 1);
  deepEqual([guest.link.completedSerial, guest.end], [1, null]);
});

test('the turns of a host are over when it is gone', async () => {
  const { guest, device, turns } = await waiting();
  guest.processor.hostChanged(false);
  await guest.done(device);
  equal(guest.link.completedSerial, 1);
  for (let i = 0; i < 10; i++) guest.submit(device);
  await guest.done(device);
  equal(turns.said.length, 2);
});

test('a guest that is not read for two reasons is read when both are gone', async () => {
  const turns = new ScriptedTurns();
  const { guest, device } = await greeted(nullBackend(), { turns, nowMs: turns.nowMs, limits: { submitsInFlightMax: 1 } });
  const { processor, link } = guest;
  processor.grantTurn({ serial: 1, untilUs: 0, yields: false });
  guest.submit(device);
  processor.freeTurn();
  equal(link.isPaused, false, 'one submit may be in flight');
  guest.submit(device);
  equal(link.isPaused, true, 'two may not');
  await guest.done(device);
  equal(link.isPaused, false);
  equal(link.completedSerial, 2);
});

test('of what a guest waits at the gate a slot tells as of any other wait, and no timeout runs', async () => {
  const buffer = new ArrayBuffer(pageBytes(1));
  const page = PartitionPage.create(buffer, { slotCount: 1, budgetBytes: undefined, hostBudgetBytes: undefined });
  const slot = new ContextSlot({ buffer, slotIndex: page.allocateSlot(1) as number });
  const { guest, device, turns, open } = await waiting({ slot });
  turns.pass(5000);
  equal(page.slot(0).oldestSubmitMs, null);
  equal(page.slot(0).packetSerial % 2, 0, 'it is inside of no packet');
  open();
  await guest.done(device);
  equal(page.slot(0).packetSerial % 2, 0);
  equal(guest.link.completedSerial, 1);
});

test('the latency class that a guest names goes to its host, and to the next one', async () => {
  const turns = new ScriptedTurns();
  const { guest } = await greeted(nullBackend(), { turns, nowMs: turns.nowMs, escapes: ['latency-class'] });
  await guest.escape(ESCAPES['latency-class'].number, 1, INTERACTIVE);
  deepEqual(turns.said, [{ type: 'latency-class', value: 'interactive' }]);
  turns.pass(5000);
  guest.processor.hostChanged(false);
  equal(turns.said.length, 1);
  guest.processor.hostChanged(true);
  deepEqual(turns.said[1], turns.said[0]);
  turns.pass(5000);
  await guest.escape(ESCAPES['latency-class'].number, 1, THROUGHPUT);
  deepEqual(turns.said[2], { type: 'latency-class', value: 'throughput' });
});
