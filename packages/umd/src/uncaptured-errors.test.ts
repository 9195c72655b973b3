/** Event handler attributes (https://html.spec.whatwg.org/#event-handler-attributes), by the only one that WebGPU has. */
import { deepEqual, equal } from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import * as encode from '@gpup/wire/encode';
import { GPUUncapturedErrorEvent, GPUValidationError } from './errors.ts';
import type { GPUDevice } from './generated/interfaces.gen.ts';
import { openDevice } from './testing/open-device.ts';

interface Listened {
  readonly device: GPUDevice;
  readonly warnings: string[];
  raise(message: string): Promise<void>;
}

async function listened(t: TestContext): Promise<Listened> {
  const { device, link } = await openDevice();
  const warnings: string[] = [];
  t.mock.method(console, 'warn', (text: string) => warnings.push(text));
  // The device is the second thing that got a handle, after the adapter.
  const request = link.packets.find((packet) => packet[0] === 2) as Uint32Array;
  return {
    device,
    warnings,
    async raise(message) {
      link.say((w) => encode.encodeEventUncapturedError(w, request[4] as number, 'validation', message));
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

test('an error that nobody hears of is printed, up to a limit', async (t) => {
  const { warnings, raise } = await listened(t);
  await raise('Why.');
  deepEqual(warnings, ['Uncaptured WebGPU error (validation): Why.']);
  for (let i = 0; i < 200; i++) await raise('Again.');
  equal(warnings.length, 100);
});

test('listeners and the attribute all hear, in the order in which they were added', async (t) => {
  const { device, raise } = await listened(t);
  const heard: unknown[] = [];
  device.addEventListener('uncapturederror', (event) => heard.push(['first', (event as unknown as GPUUncapturedErrorEvent).error.message]));
  device.onuncapturederror = (event: Event) => heard.push(['attribute', event.type, event instanceof GPUUncapturedErrorEvent]);
  device.addEventListener('uncapturederror', (event) => heard.push(['last', event.target === device]));
  await raise('Why.');
  deepEqual(heard, [['first', 'Why.'], ['attribute', 'uncapturederror', true], ['last', true]]);
});

test('an error has the class of its filter', async (t) => {
  const { device, raise } = await listened(t);
  let error: unknown;
  device.onuncapturederror = (event: GPUUncapturedErrorEvent) => { error = event.error; };
  await raise('Why.');
  equal(error instanceof GPUValidationError, true);
});

test('what a listener prevents, or a handler answers with false, is not printed', async (t) => {
  const { device, warnings, raise } = await listened(t);
  device.onuncapturederror = () => false;
  await raise('A.');
  device.onuncapturederror = () => undefined;
  await raise('B.');
  device.addEventListener('uncapturederror', (event) => event.preventDefault());
  await raise('C.');
  deepEqual(warnings, ['Uncaptured WebGPU error (validation): B.']);
});

test('the attribute holds functions and objects, keeps its place while it is replaced, and loses it by null', async (t) => {
  const { device, raise } = await listened(t);
  const heard: string[] = [];
  equal(device.onuncapturederror, null);
  const first = (): void => { heard.push('first'); };
  device.onuncapturederror = first;
  equal(device.onuncapturederror, first);
  device.addEventListener('uncapturederror', () => heard.push('listener'));
  device.onuncapturederror = () => { heard.push('second'); };
  await raise('A.');
  deepEqual(heard.splice(0), ['second', 'listener']);
  device.onuncapturederror = null;
  device.onuncapturederror = first;
  await raise('B.');
  deepEqual(heard.splice(0), ['listener', 'first']);
  // As [LegacyTreatNonObjectAsNull] says.
  device.onuncapturederror = 'text';
  equal(device.onuncapturederror, null);
  const object = { handleEvent: () => { heard.push('object'); } };
  device.onuncapturederror = object;
  equal(device.onuncapturederror, object);
  await raise('C.');
  deepEqual(heard, ['listener']);
});

test('an error after the loss of the device is nobody\'s', async (t) => {
  const { device, warnings, raise } = await listened(t);
  device.destroy();
  await raise('Why.');
  deepEqual(warnings, []);
});
