/** GPUSupportedFeatures and WGSLLanguageFeatures: https://webidl.spec.whatwg.org/#js-setlike */
import { deepEqual, equal, notEqual, throws } from 'node:assert/strict';
import { before, test } from 'node:test';
import { openDevice } from './testing/open-device.ts';

interface Setlike extends Iterable<string> {
  readonly size: number;
  has(name: unknown): boolean;
  forEach(callback: unknown, thisArg?: unknown): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
}

const sets = new Map<string, { readonly set: Setlike; readonly names: readonly string[] }>();
before(async () => {
  const { gpu, adapter, device, link } = await openDevice();
  const features = link.adapter?.features ?? [];
  sets.set('adapter.features', { set: adapter.features as unknown as Setlike, names: features });
  sets.set('device.features', { set: device.features as unknown as Setlike, names: features });
  sets.set('gpu.wgslLanguageFeatures', { set: gpu.wgslLanguageFeatures as unknown as Setlike, names: link.languageFeatures });
});

for (const name of ['adapter.features', 'device.features', 'gpu.wgslLanguageFeatures']) {
  const look = (): { readonly set: Setlike; readonly names: readonly string[] } => sets.get(name) as { set: Setlike; names: readonly string[] };

  test(`${name} is read like a Set`, () => {
    const { set, names } = look();
    equal(set.size, names.length);
    deepEqual([...set], names);
    deepEqual([...set.keys()], names);
    deepEqual([...set.values()], names);
    deepEqual([...set.entries()], names.map((each) => [each, each]));
    deepEqual(names.map((each) => set.has(each)), names.map(() => true));
    deepEqual([set.has('other'), set.has(undefined), set.has({ toString: () => names[0] })], [false, false, true]);
    throws(() => (set.has as () => boolean)(), { name: 'TypeError' });
    throws(() => set.has(Symbol('s')), { name: 'TypeError' });
  });

  test(`${name}.forEach calls with value, value and the set itself`, () => {
    const { set, names } = look();
    const calls: unknown[] = [];
    const self = {};
    set.forEach(function (this: unknown, ...args: unknown[]) { calls.push([this, ...args]); }, self);
    deepEqual(calls, names.map((each) => [self, each, each, set]));
    equal((calls[0] as unknown[])[0], self);
    equal((calls[0] as unknown[])[3], set);
    throws(() => set.forEach(1), { name: 'TypeError' });
    throws(() => (set.forEach as () => void)(), { name: 'TypeError' });
  });

  test(`${name} iterates by the one function that keys and values are`, () => {
    const { set } = look();
    const prototype = Object.getPrototypeOf(set) as Setlike & { [Symbol.iterator]: unknown };
    equal(prototype.keys, prototype.values);
    equal(prototype[Symbol.iterator], prototype.values);
    equal(Object.getOwnPropertyDescriptor(prototype, Symbol.iterator)?.enumerable, false);
    deepEqual(Object.getOwnPropertyDescriptor(prototype, 'keys'), { value: prototype.values, enumerable: true, configurable: true, writable: true });
  });

  test(`${name} cannot be written, not by its copy either`, () => {
    const { set, names } = look();
    for (const writer of ['add', 'delete', 'clear']) equal(writer in set, false);
    new Set(set).clear();
    throws(() => Set.prototype.add.call(set as unknown as Set<unknown>, 'x'), { name: 'TypeError' });
    equal(set.size, names.length);
  });
}

test('every look at an attribute sees the same object', async () => {
  const { gpu, adapter, device } = await openDevice();
  equal(adapter.features, adapter.features);
  equal(adapter.limits, adapter.limits);
  equal(adapter.info, adapter.info);
  equal(device.features, device.features);
  equal(device.limits, device.limits);
  equal(device.adapterInfo, device.adapterInfo);
  equal(device.queue, device.queue);
  equal(device.lost, device.lost);
  equal(gpu.wgslLanguageFeatures, gpu.wgslLanguageFeatures);
  notEqual(adapter.features, device.features);
});
