import { deepEqual, equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { addressOf, loadedImage, nativeBytes, nativeCallback, nativeFunction } from './native-image.ts';

test('a library that is loaded says what build it is', () => {
  // Loads koffi, which keeps its names.
  addressOf(new Uint32Array(64));
  const image = loadedImage('koffi.node', ['napi_register_module_v1', 'no_such_name']);
  match(image?.buildId ?? '', /^[0-9a-f]{16,}$/);
  match(image?.path ?? '', /^\/.*\/koffi\.node$/);
  equal(image?.addresses.has('no_such_name'), false);
});

test('there is no image of a library that is not loaded', () => {
  equal(loadedImage('no-such-library.so', []), null);
});

test('a callback is called by its address, with numbers', () => {
  const seen: number[][] = [];
  const parameters = ['uintptr_t', 'uint32_t', 'int32_t', 'uint64_t'] as const;
  const address = nativeCallback((...values) => { seen.push(values); }, parameters);
  nativeFunction(address, 'void', parameters)(2 ** 47, 2 ** 32 - 1, -5, 2 ** 53 - 1);
  deepEqual(seen, [[2 ** 47, 2 ** 32 - 1, -5, 2 ** 53 - 1]]);
});

test('memory is read and written at the address of an array', () => {
  const words = new Uint32Array(64).fill(7);
  const bytes = nativeBytes(addressOf(words), 8);
  deepEqual([...bytes], [7, 0, 0, 0, 7, 0, 0, 0]);
  bytes[4] = 9;
  deepEqual([words[1], words[2]], [9, 7]);
});
