/** Adapters, and what programs ask of them: https://gpuweb.github.io/gpuweb/#initialization */
import { deepEqual, equal, ok, rejects, throws } from 'node:assert/strict';
import { api } from './testing/api.ts';

const adapterOf = async (gpu: GPU, options?: GPURequestAdapterOptions): Promise<GPUAdapter> => (await gpu.requestAdapter(options)) as GPUAdapter;

api('an adapter says what it is', async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  ok(adapter instanceof GPUAdapter);
  ok(adapter.features.has('core-features-and-limits'));
  ok(adapter.limits.maxBufferSize >= 2 ** 28);
  equal(adapter.info.isFallbackAdapter, true);
  deepEqual([typeof adapter.info.vendor, typeof adapter.info.description], ['string', 'string']);
  equal(gpu.getPreferredCanvasFormat() === 'bgra8unorm' || gpu.getPreferredCanvasFormat() === 'rgba8unorm', true);
  ok(gpu.wgslLanguageFeatures.size > 0);
});

api('adapters can be asked for in every way', async (_device, { gpu }) => {
  for (const options of [undefined, {}, null, { powerPreference: 'low-power' }, { powerPreference: 'high-performance', forceFallbackAdapter: true }, { featureLevel: 'core', xrCompatible: false }]) {
    ok((await gpu.requestAdapter(options as GPURequestAdapterOptions)) !== null, JSON.stringify(options));
  }
  equal(await gpu.requestAdapter({ featureLevel: 'other' } as unknown as GPURequestAdapterOptions), null);
  await rejects(gpu.requestAdapter({ powerPreference: 'other' } as unknown as GPURequestAdapterOptions), TypeError);
  await rejects(gpu.requestAdapter(5 as unknown as GPURequestAdapterOptions), TypeError);
});

api('a device can be asked for with no descriptor at all', async (_device, { gpu }) => {
  for (const request of [(adapter: GPUAdapter) => adapter.requestDevice(), (adapter: GPUAdapter) => adapter.requestDevice(undefined), (adapter: GPUAdapter) => adapter.requestDevice(null as unknown as undefined)]) {
    const device = await request(await adapterOf(gpu));
    ok(device instanceof GPUDevice && device instanceof EventTarget);
    equal(device.limits.maxBindGroups, 4);
    device.destroy();
  }
});

api('names of features are converted as strings are: tfjs passes an array for one', async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  const wanted = ['timestamp-query', ['bgra8unorm-storage']] as unknown as GPUFeatureName[];
  ok(['timestamp-query', 'bgra8unorm-storage'].every((feature) => adapter.features.has(feature)));
  const device = await adapter.requestDevice({ requiredFeatures: wanted });
  ok(device.features.has('timestamp-query') && device.features.has('bgra8unorm-storage'));
  device.destroy();
});

api('features come as any iterable, and a device has those and the core', async (_device, { openDevice }) => {
  const device = await openDevice({ requiredFeatures: new Set<GPUFeatureName>(['timestamp-query']) });
  deepEqual([...device.features].sort(), ['core-features-and-limits', 'timestamp-query']);
});

api('all that an adapter has can be asked for at once, as three does', async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  const features = [...adapter.features] as GPUFeatureName[];
  const device = await adapter.requestDevice({ requiredFeatures: features });
  deepEqual([...device.features].sort(), features.sort());
  device.destroy();
});

api("limits can be copied whole from the adapter's, by a loop or by a library", async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  const requiredLimits: Record<string, number> = {};
  for (const name in adapter.limits) requiredLimits[name] = (adapter.limits as unknown as Record<string, number>)[name] as number;
  ok(Object.keys(requiredLimits).length > 30);
  const device = await adapter.requestDevice({ requiredLimits });
  for (const [name, value] of Object.entries(requiredLimits)) equal((device.limits as unknown as Record<string, number>)[name], value, name);
  device.destroy();
});

api('the limits object itself asks for nothing: its properties are not its own', async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  const device = await adapter.requestDevice({ requiredLimits: adapter.limits as unknown as Record<string, number> });
  equal(device.limits.maxBindGroups, 4);
  device.destroy();
});

api('limits that are undefined are not asked for, and worse ones than the default give the default', async (_device, { openDevice }) => {
  const device = await openDevice({ requiredLimits: { maxBufferSize: undefined, maxBindGroups: 1, minUniformBufferOffsetAlignment: 256 } as Record<string, number | undefined> as Record<string, number> });
  equal(device.limits.maxBindGroups, 4);
});

for (const [what, descriptor, error] of [
  ['a feature that the adapter lacks', { requiredFeatures: ['shader-f16'] }, TypeError],
  ['a feature that does not exist', { requiredFeatures: ['other'] }, TypeError],
  ['features that are no list', { requiredFeatures: 'timestamp-query' }, TypeError],
  ['a limit that does not exist', { requiredLimits: { maxOther: 1 } }, { name: 'OperationError' }],
  ['a limit that is better than the adapter', { requiredLimits: { maxBindGroups: 1000 } }, { name: 'OperationError' }],
  ['an alignment that is better than the adapter', { requiredLimits: { minUniformBufferOffsetAlignment: 1 } }, { name: 'OperationError' }],
  ['an alignment that is no power of two', { requiredLimits: { minUniformBufferOffsetAlignment: 300 } }, { name: 'OperationError' }],
  ['a limit that is no number', { requiredLimits: { maxBindGroups: 'x' } }, TypeError],
  ['a limit that is negative', { requiredLimits: { maxBindGroups: -1 } }, TypeError],
  ['limits that are null', { requiredLimits: null }, TypeError],
] as const) {
  api(`${what} is refused, and the adapter can be asked again`, async (_device, { gpu }) => {
    const adapter = await adapterOf(gpu);
    await rejects(adapter.requestDevice(descriptor as unknown as GPUDeviceDescriptor), error);
    (await adapter.requestDevice()).destroy();
  });
}

api('an adapter gives one device', async (_device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  const [first, second] = await Promise.allSettled([adapter.requestDevice(), adapter.requestDevice()]);
  deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
  await rejects(adapter.requestDevice(), { name: 'OperationError' });
  if (first.status === 'fulfilled') first.value.destroy();
});

api('a device knows its adapter', async (device, { gpu }) => {
  const adapter = await adapterOf(gpu);
  ok(device.adapterInfo instanceof GPUAdapterInfo);
  deepEqual([device.adapterInfo.vendor, device.adapterInfo.architecture], [adapter.info.vendor, adapter.info.architecture]);
});

api('classes have the names that they are known by', async () => {
  const names = Object.getOwnPropertyNames(globalThis).filter((name) => /^(GPU|WGSL)/.test(name));
  ok(names.length > 40);
  const classes = names.map((name) => (globalThis as unknown as Record<string, unknown>)[name]).filter((value) => typeof value === 'function');
  deepEqual(classes.map((face) => face.name), names.filter((name) => typeof (globalThis as unknown as Record<string, unknown>)[name] === 'function'));
});

api('objects are instances of the global classes, and cannot be made by hand', async (device) => {
  const made: readonly (readonly [object, { new (): object }])[] = [
    [device.queue, GPUQueue],
    [device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST }), GPUBuffer],
    [device.createSampler(), GPUSampler],
    [device.createCommandEncoder(), GPUCommandEncoder],
    [device.limits, GPUSupportedLimits],
  ];
  for (const [object, face] of made) {
    ok(object instanceof face);
    throws(() => new face(), TypeError);
    equal(Object.prototype.toString.call(object), `[object ${face.name}]`);
  }
});
