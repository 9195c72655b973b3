/** States of encoders: https://gpuweb.github.io/gpuweb/#encoder-state */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { type Api, api, bytesOf, contentsOf, equalBytes, errorOf, submit, texelsOf } from './testing/api.ts';

const target = (device: GPUDevice, size: readonly [number, number] = [4, 4]): GPUTexture =>
  device.createTexture({ size, format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC });
const attachment = (view: GPUTexture | GPUTextureView, clearValue: GPUColor = [1, 0, 0, 1]): GPURenderPassColorAttachment => ({ view, clearValue, loadOp: 'clear', storeOp: 'store' });
const anyBuffer = (device: GPUDevice): GPUBuffer => device.createBuffer({ size: 16, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC });

type Record = (encoder: GPUCommandEncoder, device: GPUDevice) => void;

/** What goes wrong in these encoders is reported by finish(), once, and the command buffer is invalid. */
const wrongRecordings: readonly (readonly [string, Record])[] = [
  ['a pass that is left open', (encoder) => { encoder.beginComputePass(); }],
  ['a render pass that is left open', (encoder, device) => { encoder.beginRenderPass({ colorAttachments: [attachment(target(device))] }); }],
  ['a command while a pass is open', (encoder, device) => {
    const pass = encoder.beginComputePass();
    encoder.clearBuffer(anyBuffer(device));
    pass.end();
  }],
  ['a pass within a pass', (encoder) => {
    const outer = encoder.beginComputePass();
    encoder.beginComputePass().end();
    outer.end();
  }],
  ['a debug group that is left open', (encoder) => encoder.pushDebugGroup('open')],
  ['a debug group that is closed twice', (encoder) => {
    encoder.pushDebugGroup('once');
    encoder.popDebugGroup();
    encoder.popDebugGroup();
  }],
  ['a debug group that is left open in a pass', (encoder) => {
    const pass = encoder.beginComputePass();
    pass.pushDebugGroup('open');
    pass.end();
  }],
  ['a dispatch without a pipeline', (encoder) => {
    const pass = encoder.beginComputePass();
    pass.dispatchWorkgroups(1);
    pass.end();
  }],
  ['a copy beyond the end of a buffer', (encoder, device) => encoder.copyBufferToBuffer(anyBuffer(device), 8, anyBuffer(device), 0, 16)],
  ['a pass without attachments', (encoder) => encoder.beginRenderPass({ colorAttachments: [] }).end()],
  ['an attachment that cannot be one', (encoder, device) => {
    const texture = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.COPY_SRC });
    encoder.beginRenderPass({ colorAttachments: [attachment(texture.createView())] }).end();
  }],
];

for (const [what, record] of wrongRecordings) {
  api(`${what} is an error of finish() and not of submit()`, async (device) => {
    const encoder = device.createCommandEncoder();
    equal(await errorOf(device, () => record(encoder, device)), null);
    let commands: GPUCommandBuffer | undefined;
    ok((await errorOf(device, () => { commands = encoder.finish(); })) !== null);
    ok(commands instanceof GPUCommandBuffer);
    ok((await errorOf(device, () => device.queue.submit([commands as GPUCommandBuffer]))) !== null);
  });
}

api('commands of an encoder that is finished are errors at once', async (device) => {
  const encoder = device.createCommandEncoder();
  const buffer = anyBuffer(device);
  const commands = encoder.finish();
  for (const command of [
    () => encoder.clearBuffer(buffer),
    () => encoder.copyBufferToBuffer(buffer, 0, buffer, 8, 8),
    () => encoder.pushDebugGroup('x'),
    () => encoder.popDebugGroup(),
    () => encoder.insertDebugMarker('x'),
    () => encoder.beginComputePass(),
    () => encoder.beginRenderPass({ colorAttachments: [] }),
    () => encoder.finish(),
  ]) {
    ok((await errorOf(device, command)) !== null, String(command));
  }
  // The first command buffer is as good as before.
  equal(await errorOf(device, () => device.queue.submit([commands])), null);
});

api('a pass of an encoder that is finished can be begun and ended, to no effect', async (device) => {
  const encoder = device.createCommandEncoder();
  encoder.finish();
  let pass: GPUComputePassEncoder | undefined;
  ok((await errorOf(device, () => { pass = encoder.beginComputePass(); })) !== null);
  ok((await errorOf(device, () => pass?.end())) !== null);
});

api('a second finish() gives a command buffer that cannot be submitted', async (device) => {
  const encoder = device.createCommandEncoder();
  encoder.finish();
  let second: GPUCommandBuffer | undefined;
  ok((await errorOf(device, () => { second = encoder.finish(); })) !== null);
  ok((await errorOf(device, () => device.queue.submit([second as GPUCommandBuffer]))) !== null);
});

for (const kind of ['compute', 'render'] as const) {
  const begin = (encoder: GPUCommandEncoder, device: GPUDevice): GPUComputePassEncoder | GPURenderPassEncoder =>
    kind === 'compute' ? encoder.beginComputePass() : encoder.beginRenderPass({ colorAttachments: [attachment(target(device))] });

  api(`a ${kind} pass that is ended twice is an error of the second end(), its encoder is not`, async (device) => {
    const encoder = device.createCommandEncoder();
    const pass = begin(encoder, device);
    pass.end();
    ok((await errorOf(device, () => pass.end())) !== null);
    equal(await errorOf(device, () => device.queue.submit([encoder.finish()])), null);
  });

  api(`commands of a ${kind} pass that has ended are errors at once`, async (device) => {
    const encoder = device.createCommandEncoder();
    const pass = begin(encoder, device);
    pass.end();
    ok((await errorOf(device, () => pass.insertDebugMarker('late'))) !== null);
    ok((await errorOf(device, () => pass.setBindGroup(0, null))) !== null);
    equal(await errorOf(device, () => encoder.finish()), null);
  });

  api(`a ${kind} pass whose encoder was finished under it cannot go on`, async (device) => {
    const encoder = device.createCommandEncoder();
    const pass = begin(encoder, device);
    ok((await errorOf(device, () => encoder.finish())) !== null);
    ok((await errorOf(device, () => pass.insertDebugMarker('late'))) !== null);
    ok((await errorOf(device, () => pass.end())) !== null);
  });
}

api('a pass that was begun while another was open is invalid, and the encoder with it', async (device) => {
  const encoder = device.createCommandEncoder();
  const first = encoder.beginComputePass();
  const second = encoder.beginComputePass();
  equal(await errorOf(device, () => { second.dispatchWorkgroups(1); second.end(); first.end(); }), null);
  ok((await errorOf(device, () => encoder.finish())) !== null);
});

api('encoders may be recorded in turns', async (device) => {
  const buffers = [anyBuffer(device), anyBuffer(device)];
  for (const buffer of buffers) device.queue.writeBuffer(buffer, 0, bytesOf(16, 1));
  const encoders = [device.createCommandEncoder(), device.createCommandEncoder()] as const;
  encoders[0].clearBuffer(buffers[0] as GPUBuffer, 0, 4);
  encoders[1].clearBuffer(buffers[1] as GPUBuffer, 4, 4);
  encoders[0].clearBuffer(buffers[0] as GPUBuffer, 8, 4);
  const second = encoders[1].finish();
  encoders[0].clearBuffer(buffers[0] as GPUBuffer, 12);
  const first = encoders[0].finish();
  device.queue.submit([second, first]);
  const data = bytesOf(16, 1);
  equalBytes(await contentsOf(device, buffers[0] as GPUBuffer), Uint8Array.of(0, 0, 0, 0, ...data.subarray(4, 8), 0, 0, 0, 0, 0, 0, 0, 0));
  equalBytes(await contentsOf(device, buffers[1] as GPUBuffer), Uint8Array.of(...data.subarray(0, 4), 0, 0, 0, 0, ...data.subarray(8)));
});

// Submitting.

api('a command buffer can be submitted once', async (device) => {
  const commands = device.createCommandEncoder().finish();
  equal(await errorOf(device, () => device.queue.submit([commands])), null);
  ok((await errorOf(device, () => device.queue.submit([commands]))) !== null);
  const [first, second] = [device.createCommandEncoder().finish(), device.createCommandEncoder().finish()];
  ok((await errorOf(device, () => device.queue.submit([first, commands, second]))) !== null);
});

api('a command buffer that was submitted names nothing that was made after it', async (device) => {
  const submitted = Array.from({ length: 20 }, () => device.createCommandEncoder().finish());
  device.queue.submit(submitted);
  await device.queue.onSubmittedWorkDone();
  const others = Array.from({ length: 40 }, () => device.createCommandEncoder().finish());
  for (const commands of submitted) {
    commands.label = 'submitted';
    ok((await errorOf(device, () => device.queue.submit([commands]))) !== null);
  }
  equal(await errorOf(device, () => device.queue.submit(others)), null);
  deepEqual(others.map(({ label }) => label), others.map(() => ''));
});

api('a command buffer cannot be named twice in a submit', async (device) => {
  const commands = device.createCommandEncoder().finish();
  ok((await errorOf(device, () => device.queue.submit([commands, commands]))) !== null);
});

api('submits take any iterable, and nothing at all', async (device) => {
  device.queue.submit([]);
  device.queue.submit(new Set([device.createCommandEncoder().finish()]));
  throws(() => device.queue.submit(device.createCommandEncoder().finish() as unknown as GPUCommandBuffer[]), TypeError);
  throws(() => device.queue.submit([null as unknown as GPUCommandBuffer]), TypeError);
});

api('commands use what they named even if it is destroyed before its time', async (device) => {
  const buffer = anyBuffer(device);
  const encoder = device.createCommandEncoder();
  encoder.clearBuffer(buffer);
  const commands = encoder.finish();
  buffer.destroy();
  ok((await errorOf(device, () => device.queue.submit([commands]))) !== null);
});

api('what is used up in a recording of its own may be dropped by the program at once', async (device) => {
  // Nothing but the encoder knows the source from here on.
  const result = anyBuffer(device);
  const encoder = device.createCommandEncoder();
  ((): void => {
    const source = anyBuffer(device);
    device.queue.writeBuffer(source, 0, bytesOf(16, 9));
    encoder.copyBufferToBuffer(source, result);
  })();
  for (let i = 0; i < 20; i++) device.createBuffer({ size: 16 << 20, usage: GPUBufferUsage.COPY_DST });
  await device.queue.onSubmittedWorkDone();
  await new Promise((resolve) => setImmediate(resolve));
  device.queue.submit([encoder.finish()]);
  equalBytes(await contentsOf(device, result), bytesOf(16, 9));
});

// Forms of calls.

api('copyBufferToBuffer in its short forms and its long one', async (device) => {
  const source = anyBuffer(device);
  device.queue.writeBuffer(source, 0, bytesOf(16, 2));
  const [whole, part, shifted] = [anyBuffer(device), anyBuffer(device), anyBuffer(device)];
  submit(device, (encoder) => {
    encoder.copyBufferToBuffer(source, whole);
    encoder.copyBufferToBuffer(source, part, 8);
    encoder.copyBufferToBuffer(source, 4, shifted, 8, 8);
  });
  equalBytes(await contentsOf(device, whole), bytesOf(16, 2));
  equalBytes(await contentsOf(device, part), Uint8Array.of(...bytesOf(16, 2).subarray(0, 8), 0, 0, 0, 0, 0, 0, 0, 0));
  equalBytes(await contentsOf(device, shifted), Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, ...bytesOf(16, 2).subarray(4, 12)));
});

api('a texture stands for its whole view as an attachment, and as a resolve target', async (device) => {
  const texture = target(device);
  submit(device, (encoder) => encoder.beginRenderPass({ colorAttachments: [attachment(texture, [0, 1, 0, 1])] }).end());
  deepEqual([...(await texelsOf(device, texture)).subarray(0, 4)], [0, 255, 0, 255]);
  const multisampled = device.createTexture({ size: [4, 4], format: 'rgba8unorm', sampleCount: 4, usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const depth = device.createTexture({ size: [4, 4], format: 'depth24plus', sampleCount: 4, usage: GPUTextureUsage.RENDER_ATTACHMENT });
  submit(device, (encoder) => {
    const color = { ...attachment(multisampled, { r: 0, g: 0, b: 1, a: 1 }), resolveTarget: texture };
    encoder.beginRenderPass({ colorAttachments: [color], depthStencilAttachment: { view: depth, depthClearValue: 1, depthLoadOp: 'clear', depthStoreOp: 'discard' } }).end();
  });
  deepEqual([...(await texelsOf(device, texture)).subarray(0, 4)], [0, 0, 255, 255]);
});

api('descriptors may be changed as soon as the call is over, and used again', async (device) => {
  const texture = target(device);
  const color = { ...attachment(texture, [1, 0, 0, 1]), clearValue: [1, 0, 0, 1] };
  const descriptor = { colorAttachments: [color] };
  const encoder = device.createCommandEncoder();
  encoder.beginRenderPass(descriptor).end();
  color.clearValue[0] = 0;
  color.clearValue[1] = 1;
  color.loadOp = 'load';
  descriptor.colorAttachments.length = 0;
  device.queue.submit([encoder.finish()]);
  deepEqual([...(await texelsOf(device, texture)).subarray(0, 4)], [255, 0, 0, 255]);
});

// A recorded command says its length in 16 bits, unless it is too long for that: head, count and one word for each bundle.
const LONG_FORM_WORDS = 0xffff;
for (const count of [LONG_FORM_WORDS - 3, LONG_FORM_WORDS - 2, LONG_FORM_WORDS - 1]) {
  api(`${count} bundles are executed in one call`, async (device) => {
    const texture = target(device);
    const bundle = device.createRenderBundleEncoder({ colorFormats: ['rgba8unorm'] }).finish();
    equal(await errorOf(device, () => submit(device, (encoder) => {
      const pass = encoder.beginRenderPass({ colorAttachments: [attachment(texture, [0, 0, 1, 1])] });
      pass.executeBundles(new Array<GPURenderBundle>(count).fill(bundle));
      pass.insertDebugMarker('behind');
      pass.end();
    })), null);
    deepEqual([...(await texelsOf(device, texture)).subarray(0, 4)], [0, 0, 255, 255]);
  });
}

api('commands without end are refused and harm nobody', async (device, { uncaptured }: Api) => {
  // More than the largest packet (64 MiB) in groups of the longest labels.
  const label = 'x'.repeat(60_000);
  const encoder = device.createCommandEncoder();
  for (let i = 0; i < 1200; i++) encoder.insertDebugMarker(label);
  let commands: GPUCommandBuffer | undefined;
  const message = await errorOf(device, () => { commands = encoder.finish(); });
  ok(message !== null && /limit/.test(message), String(message));
  ok((await errorOf(device, () => device.queue.submit([commands as GPUCommandBuffer]))) !== null);
  equal(await errorOf(device, () => submit(device, (next) => next.insertDebugMarker('fine'))), null);
  deepEqual(uncaptured, []);
});
