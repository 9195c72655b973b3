/**
 * The driver as a program loads it, against a VF on the software GPU: each test runs over shared memory and
 * over a byte stream. A test that leaves an error which nobody caught fails.
 */
import { deepEqual, equal } from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { PROVIDER_PATH, TRANSPORT_VARIABLE } from '@gpup/guest';

interface Provider {
  create(flags: readonly string[]): GPU;
  readonly globals: object;
}

const provider = createRequire(import.meta.url)(PROVIDER_PATH) as Provider;
Object.assign(globalThis, provider.globals);
process.env['GPUP_ADAPTER'] ??= 'software';

export type Transport = 'aperture' | 'stream';
export const TRANSPORTS: readonly Transport[] = ['aperture', 'stream'];

export interface Api {
  readonly transport: Transport;
  readonly gpu: GPU;
  /** Messages of errors that no scope caught. A test that expects some takes them out. */
  readonly uncaptured: string[];
  /** Another device of the same context; destroyed when the test ends. */
  openDevice(descriptor?: GPUDeviceDescriptor): Promise<GPUDevice>;
}

/** A GPU of its own, whose context opens over `transport` before this resolves. */
export async function openGpu(transport: Transport): Promise<GPU> {
  const before = process.env[TRANSPORT_VARIABLE];
  process.env[TRANSPORT_VARIABLE] = transport;
  const gpu = provider.create([]);
  await gpu.requestAdapter();
  if (before === undefined) delete process.env[TRANSPORT_VARIABLE];
  else process.env[TRANSPORT_VARIABLE] = before;
  return gpu;
}

const opened = new Map<Transport, Promise<GPU>>();

function sharedGpu(transport: Transport): Promise<GPU> {
  const gpu = opened.get(transport) ?? openGpu(transport);
  opened.set(transport, gpu);
  return gpu;
}

export async function deviceOf(gpu: GPU, descriptor?: GPUDeviceDescriptor): Promise<GPUDevice> {
  const adapter = (await gpu.requestAdapter()) as GPUAdapter;
  return adapter.requestDevice(descriptor);
}

/** Registers the test once per transport; `descriptor` is what its device asks for. */
export function api(title: string, body: (device: GPUDevice, api: Api) => Promise<void>, descriptor?: GPUDeviceDescriptor): void {
  for (const transport of TRANSPORTS) {
    test(`${transport}: ${title}`, async () => {
      const gpu = await sharedGpu(transport);
      const uncaptured: string[] = [];
      const devices: GPUDevice[] = [];
      const openDevice = async (wanted?: GPUDeviceDescriptor): Promise<GPUDevice> => {
        const device = await deviceOf(gpu, wanted);
        device.addEventListener('uncapturederror', (event) => {
          event.preventDefault();
          uncaptured.push(event.error.message);
        });
        void device.lost.then(({ reason, message }) => {
          if (reason !== 'destroyed') uncaptured.push(`The device is lost: ${message}`);
        });
        devices.push(device);
        return device;
      };
      await body(await openDevice(descriptor), { transport, gpu, uncaptured, openDevice });
      await Promise.all(devices.map((each) => each.queue.onSubmittedWorkDone()));
      deepEqual(uncaptured, []);
      for (const each of devices) each.destroy();
    });
  }
}

/** The message of the first validation error (or another kind) that `action` leads to, or null. */
export async function errorOf(device: GPUDevice, action: () => unknown, filter: GPUErrorFilter = 'validation'): Promise<string | null> {
  device.pushErrorScope(filter);
  action();
  return (await device.popErrorScope())?.message ?? null;
}

/** Waits for what no reply ends: a link that nobody waits at does not keep the process alive. */
export async function awake<T>(promise: Promise<T>): Promise<T> {
  const timer = setInterval(() => {}, 60_000);
  try {
    return await promise;
  } finally {
    clearInterval(timer);
  }
}

/** Bytes that tell their places: no part of them is like another, however it is cut. */
export function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(Math.ceil(length / 4));
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 0x9e3779b1) ^ (seed * 0x01010101);
  return new Uint8Array(words.buffer, 0, length);
}

/** Equal bytes, without comparing element by element what may be megabytes. */
export function equalBytes(actual: ArrayBuffer | Uint8Array, expected: Uint8Array): void {
  const bytes = actual instanceof Uint8Array ? actual : new Uint8Array(actual);
  equal(bytes.byteLength, expected.byteLength);
  if (Buffer.compare(bytes, expected) === 0) return;
  const at = bytes.findIndex((byte, i) => byte !== expected[i]);
  deepEqual({ at, bytes: [...bytes.subarray(at, at + 16)] }, { at, bytes: [...expected.subarray(at, at + 16)] });
}

/** Everything that a buffer with COPY_SRC holds. */
export async function contentsOf(device: GPUDevice, buffer: GPUBuffer): Promise<Uint8Array<ArrayBuffer>> {
  const readBack = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  submit(device, (encoder) => encoder.copyBufferToBuffer(buffer, 0, readBack, 0, buffer.size));
  await readBack.mapAsync(GPUMapMode.READ);
  const bytes = new Uint8Array(readBack.getMappedRange()).slice();
  readBack.destroy();
  return bytes;
}

/** Rows of a color texture's first layer, tightly packed. `texelBytes` is that of its format. */
export async function texelsOf(device: GPUDevice, texture: GPUTexture, options: { readonly texelBytes?: number; readonly origin?: GPUOrigin3DDict; readonly mipLevel?: number } = {}): Promise<Uint8Array<ArrayBuffer>> {
  const { texelBytes = 4, origin = {}, mipLevel = 0 } = options;
  const [width, height] = [texture.width, texture.height].map((length) => Math.max(1, length >> mipLevel)) as [number, number];
  const rowBytes = width * texelBytes;
  const bytesPerRow = Math.ceil(rowBytes / 256) * 256;
  const buffer = device.createBuffer({ size: bytesPerRow * height, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  submit(device, (encoder) => encoder.copyTextureToBuffer({ texture, origin, mipLevel }, { buffer, bytesPerRow }, [width, height]));
  const padded = await contentsOf(device, buffer);
  buffer.destroy();
  const texels = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y++) texels.set(padded.subarray(y * bytesPerRow, y * bytesPerRow + rowBytes), y * rowBytes);
  return texels;
}

export function submit(device: GPUDevice, record: (encoder: GPUCommandEncoder) => void): void {
  const encoder = device.createCommandEncoder();
  record(encoder);
  device.queue.submit([encoder.finish()]);
}
