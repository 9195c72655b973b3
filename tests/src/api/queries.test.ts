/** https://gpuweb.github.io/gpuweb/#queries */
import { deepEqual, equal, ok, throws } from 'node:assert/strict';
import { api, contentsOf, errorOf, submit } from './testing/api.ts';

const SHADER = `
  @vertex fn fill(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f {
    return vec4f(select(-1.0, 3.0, i == 1u), select(-1.0, 3.0, i == 2u), 0.5, 1.0);
  }
  @fragment fn shade() -> @location(0) vec4f { return vec4f(1); }`;

async function resolved(device: GPUDevice, set: GPUQuerySet, first = 0, count = set.count): Promise<BigUint64Array> {
  const buffer = device.createBuffer({ size: count * 8, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
  submit(device, (encoder) => encoder.resolveQuerySet(set, first, count, buffer, 0));
  return new BigUint64Array((await contentsOf(device, buffer)).buffer);
}

api('occlusion queries count what passes', async (device) => {
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } });
  const texture = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const set = device.createQuerySet({ type: 'occlusion', count: 4, label: 'a set' });
  deepEqual([set.type, set.count, set.label], ['occlusion', 4, 'a set']);
  submit(device, (encoder) => {
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture, loadOp: 'clear', storeOp: 'store' }], occlusionQuerySet: set });
    pass.setPipeline(pipeline);
    pass.beginOcclusionQuery(1);
    pass.draw(3);
    pass.endOcclusionQuery();
    pass.beginOcclusionQuery(2);
    pass.setScissorRect(0, 0, 0, 0);
    pass.draw(3);
    pass.endOcclusionQuery();
    pass.end();
  });
  const results = await resolved(device, set);
  deepEqual([...results].map((each) => each > 0n), [false, true, false, false]);
  equal((await resolved(device, set, 1, 1))[0], results[1]);
  set.destroy();
  ok((await errorOf(device, () => submit(device, (encoder) => {
    const buffer = device.createBuffer({ size: 8, usage: GPUBufferUsage.QUERY_RESOLVE });
    encoder.resolveQuerySet(set, 0, 1, buffer, 0);
  }))) !== null);
});

api('queries that are not balanced are errors of finish()', async (device) => {
  const texture = device.createTexture({ size: [4, 4], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const set = device.createQuerySet({ type: 'occlusion', count: 2 });
  for (const wrong of [
    (pass: GPURenderPassEncoder) => pass.endOcclusionQuery(),
    (pass: GPURenderPassEncoder) => pass.beginOcclusionQuery(0),
    (pass: GPURenderPassEncoder) => pass.beginOcclusionQuery(2),
  ]) {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view: texture, loadOp: 'clear', storeOp: 'store' }], occlusionQuerySet: set });
    wrong(pass);
    pass.end();
    ok((await errorOf(device, () => encoder.finish())) !== null, String(wrong));
  }
});

api('time goes on from the beginning of a pass to its end', async (device) => {
  const texture = device.createTexture({ size: [64, 64], format: 'rgba8unorm', usage: GPUTextureUsage.RENDER_ATTACHMENT });
  const set = device.createQuerySet({ type: 'timestamp', count: 4 });
  submit(device, (encoder) => {
    encoder.beginComputePass({ timestampWrites: { querySet: set, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 } }).end();
    encoder.beginRenderPass({
      colorAttachments: [{ view: texture, loadOp: 'clear', storeOp: 'store' }],
      timestampWrites: { querySet: set, beginningOfPassWriteIndex: 2, endOfPassWriteIndex: 3 },
    }).end();
  });
  const [a, b, c, d] = [...(await resolved(device, set))] as [bigint, bigint, bigint, bigint];
  ok(a <= b && b <= c && c <= d, `${a}, ${b}, ${c}, ${d}`);
  ok(a > 0n);
}, { requiredFeatures: ['timestamp-query'] });

api('a set of timestamps without the feature is a TypeError', async (device) => {
  throws(() => device.createQuerySet({ type: 'timestamp', count: 1 }), TypeError);
});
