/** The canvas without a window: https://gpuweb.github.io/gpuweb/#canvas-rendering */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { connect, connectSync, TRANSPORT_VARIABLE } from '@gpup/guest';
import { VirtualCanvas, createGpu } from '@gpup/umd';
import { decode } from 'fast-png';
import { TRANSPORTS, type Transport, submit } from './testing/api.ts';

interface Canvas {
  readonly canvas: VirtualCanvas;
  readonly context: GPUCanvasContext;
  readonly device: GPUDevice;
}

const opened = new Map<Transport, GPU>();

/** The canvas is the driver's own class, so the driver is used as a module here, not as the bundle. */
async function adapterOf(transport: Transport): Promise<GPUAdapter> {
  const gpu = opened.get(transport) ?? (createGpu({ connect, connectNow: connectSync, platform: { defer: setImmediate, collectGarbage: () => {} } }).gpu as unknown as GPU);
  opened.set(transport, gpu);
  process.env[TRANSPORT_VARIABLE] = transport;
  const adapter = await gpu.requestAdapter();
  delete process.env[TRANSPORT_VARIABLE];
  return adapter as GPUAdapter;
}

async function canvasOf(transport: Transport, configuration: Partial<GPUCanvasConfiguration> = {}, size: readonly [number, number] = [4, 2]): Promise<Canvas> {
  const device = await (await adapterOf(transport)).requestDevice();
  const canvas = new VirtualCanvas(...size);
  const context = canvas.getContext('webgpu') as unknown as GPUCanvasContext;
  context.configure({ device, format: 'rgba8unorm', ...configuration });
  return { canvas, context, device };
}

function fill(device: GPUDevice, view: GPUTexture, clearValue: GPUColor): void {
  submit(device, (encoder) => encoder.beginRenderPass({ colorAttachments: [{ view, clearValue, loadOp: 'clear', storeOp: 'store' }] }).end());
}

function canvasTest(title: string, body: (transport: Transport) => Promise<void>): void {
  for (const transport of TRANSPORTS) test(`${transport}: ${title}`, () => body(transport));
}

// Half of red in each format; pixels come as RGBA from the top, not premultiplied.
for (const format of ['rgba8unorm', 'bgra8unorm', 'rgba16float'] as const) {
  canvasTest(`what is drawn to a canvas of ${format} can be read`, async (transport) => {
    const { canvas, context, device } = await canvasOf(transport, { format });
    const texture = context.getCurrentTexture();
    deepEqual([texture.format, texture.width, texture.height, texture.usage], [format, 4, 2, GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC]);
    fill(device, texture, [0.2, 0.4, 0.6, 1]);
    const { width, height, data } = await canvas.readPixels();
    deepEqual([width, height, data.length, ...data.subarray(28)], [4, 2, 32, 51, 102, 153, 255]);
  });
}

canvasTest('an opaque canvas has no alpha, a premultiplied one gives it back', async (transport) => {
  const opaque = await canvasOf(transport);
  fill(opaque.device, opaque.context.getCurrentTexture(), [0.2, 0.4, 0, 0.5]);
  deepEqual([...(await opaque.canvas.readPixels()).data.subarray(0, 4)], [51, 102, 0, 255]);
  const clear = await canvasOf(transport, { alphaMode: 'premultiplied' });
  fill(clear.device, clear.context.getCurrentTexture(), [0.2, 0.4, 0, 0.4]);
  deepEqual([...(await clear.canvas.readPixels()).data.subarray(0, 4)], [128, 255, 0, 102]);
});

canvasTest('a canvas is saved as a PNG that others can read', async (transport) => {
  const { canvas, context, device } = await canvasOf(transport, {}, [70, 3]);
  fill(device, context.getCurrentTexture(), [1, 0, 0.2, 1]);
  const { width, height, channels, data } = decode(await canvas.toPng());
  deepEqual([width, height, channels], [70, 3, 4]);
  deepEqual([...data.subarray(0, 4), ...data.subarray(-4)], [255, 0, 51, 255, 255, 0, 51, 255]);
});

canvasTest('there is one texture until the canvas is resized or configured anew', async (transport) => {
  const { canvas, context, device } = await canvasOf(transport);
  const first = context.getCurrentTexture();
  equal(context.getCurrentTexture(), first);
  canvas.width = 8;
  const second = context.getCurrentTexture();
  deepEqual([second === first, second.width, second.height], [false, 8, 2]);
  // The texture before is destroyed.
  device.pushErrorScope('validation');
  fill(device, first, [0, 0, 0, 1]);
  ok((await device.popErrorScope()) !== null);
  canvas.height = 5;
  equal(context.getCurrentTexture().height, 5);
  context.configure({ device, format: 'bgra8unorm', usage: GPUTextureUsage.COPY_DST, viewFormats: ['bgra8unorm-srgb'] });
  const third = context.getCurrentTexture();
  deepEqual([third.format, third.usage & GPUTextureUsage.COPY_DST], ['bgra8unorm', GPUTextureUsage.COPY_DST]);
  device.pushErrorScope('validation');
  third.createView({ format: 'bgra8unorm-srgb' });
  equal(await device.popErrorScope(), null);
});

canvasTest('a configuration is given back with its defaults, until it is taken away', async (transport) => {
  const { context, device } = await canvasOf(transport);
  const configuration = context.getConfiguration() as GPUCanvasConfigurationOut;
  deepEqual(
    [configuration.device === device, configuration.format, configuration.usage, configuration.alphaMode, configuration.colorSpace, configuration.viewFormats, configuration.toneMapping],
    [true, 'rgba8unorm', GPUTextureUsage.RENDER_ATTACHMENT, 'opaque', 'srgb', [], { mode: 'standard' }],
  );
  context.unconfigure();
  equal(context.getConfiguration(), null);
  throws(() => context.getCurrentTexture(), { name: 'InvalidStateError' });
});

canvasTest('what a canvas cannot be is a TypeError, and changes nothing', async (transport) => {
  const { context, device } = await canvasOf(transport);
  for (const wrong of [
    { device, format: 'rgba8unorm-srgb' }, { device, format: 'other' }, { device }, { format: 'rgba8unorm' },
    { device, format: 'rgba8unorm', alphaMode: 'other' }, { device, format: 'rgba8unorm', viewFormats: ['bc1-rgba-unorm'] }, {}, null,
  ]) {
    throws(() => context.configure(wrong as unknown as GPUCanvasConfiguration), TypeError);
  }
  equal(context.getConfiguration()?.format, 'rgba8unorm');
});

canvasTest('only one kind of context exists, and always the same', async (transport) => {
  const { canvas, context } = await canvasOf(transport);
  equal(canvas.getContext('webgpu') as unknown, context);
  equal(canvas.getContext('2d'), null);
  equal(context.canvas as unknown, canvas);
});

canvasTest('a canvas to which nothing was drawn is clear', async (transport) => {
  const { canvas, context } = await canvasOf(transport, { alphaMode: 'premultiplied' });
  deepEqual([...(await canvas.readPixels()).data], new Array(32).fill(0));
  context.getCurrentTexture();
  deepEqual([...(await canvas.readPixels()).data], new Array(32).fill(0));
  context.unconfigure();
  deepEqual([...(await canvas.readPixels()).data], new Array(32).fill(0));
});
