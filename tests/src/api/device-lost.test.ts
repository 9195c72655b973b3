/** The ends of devices: https://gpuweb.github.io/gpuweb/#dom-gpudevice-lost */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { vfProcesses } from '../soak/vf-processes.ts';
import { TRANSPORTS, api, awake, deviceOf, openGpu, submit } from './testing/api.ts';

/** Everything that a program may do to a device that is gone, without an exception. */
async function useLostDevice(device: GPUDevice): Promise<void> {
  const buffer = device.createBuffer({ size: 16, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST });
  const texture = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module } });
  device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer } }] });
  device.queue.writeBuffer(buffer, 0, new Uint8Array(16));
  submit(device, (encoder) => {
    const compute = encoder.beginComputePass();
    compute.setPipeline(pipeline);
    compute.dispatchWorkgroups(1);
    compute.end();
    encoder.beginRenderPass({ colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }] }).end();
  });
  device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] }).finish();
  buffer.label = 'late';
  buffer.destroy();
  texture.destroy();
  await device.queue.onSubmittedWorkDone();
  // Creation on a lost device appears to succeed: https://gpuweb.github.io/gpuweb/#dom-gpudevice-createcomputepipelineasync
  ok((await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })) instanceof GPUComputePipeline);
  ok(Array.isArray((await module.getCompilationInfo()).messages));
}

api('a device that is destroyed is lost by that reason, at once and once', async (_device, { openDevice }) => {
  const device = await openDevice();
  const reasons: string[] = [];
  void device.lost.then(({ reason }) => reasons.push(reason));
  await Promise.resolve();
  deepEqual(reasons, []);
  device.destroy();
  device.destroy();
  const lost = await device.lost;
  deepEqual([lost.reason, reasons, lost instanceof GPUDeviceLostInfo, typeof lost.message], ['destroyed', ['destroyed'], true, 'string']);
  equal(await device.lost, lost);
  await useLostDevice(device);
});

api('the other devices of a context go on', async (device, { openDevice }) => {
  const other = await openDevice();
  other.destroy();
  await other.lost;
  device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST });
  await device.queue.onSubmittedWorkDone();
  let isLost = false;
  void device.lost.then(() => { isLost = true; });
  await device.queue.onSubmittedWorkDone();
  equal(isLost, false);
});

api('work of a device that is destroyed is given up, and whoever waits is told', async (_device, { openDevice }) => {
  const device = await openDevice();
  const buffer = device.createBuffer({ size: 1 << 20, usage: GPUBufferUsage.COPY_DST });
  for (let i = 0; i < 10; i++) submit(device, (encoder) => encoder.clearBuffer(buffer));
  const done = device.queue.onSubmittedWorkDone();
  device.destroy();
  await done;
});

for (const transport of TRANSPORTS) {
  test(`${transport}: the end of the VF process is the loss of its devices, and a new adapter has a new VF`, async () => {
    const others = new Set(vfProcesses());
    const gpu = await openGpu(transport);
    const pid = vfProcesses().find((each) => !others.has(each)) as number;
    const devices = [await deviceOf(gpu), await deviceOf(gpu)] as const;
    const adapter = (await gpu.requestAdapter()) as GPUAdapter;
    const waiting = devices[0].queue.onSubmittedWorkDone();
    process.kill(pid, 'SIGKILL');
    for (const device of devices) {
      const { reason, message } = await awake(device.lost);
      equal(reason, 'unknown');
      ok(message.length > 0);
      await useLostDevice(device);
    }
    await waiting;
    // The adapter is of the old context: a device of it is lost from the start.
    equal((await (await adapter.requestDevice()).lost).reason, 'unknown');
    const fresh = await deviceOf(gpu);
    fresh.pushErrorScope('validation');
    await useLostDevice(fresh);
    await fresh.popErrorScope();
    fresh.destroy();
  });
}
