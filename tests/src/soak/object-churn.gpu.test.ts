import { ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { churn, creators, openDevice } from './object-churn.ts';

const COUNT = 60_000;
/**
 * Compared with the half way: by then the collectors have found their pace. What they keep for a while,
 * and allocators for ever, is less than this; dropped objects of most kinds would be far more.
 */
const SLACK_MIB = 40;

describe('a VF whose guest drops what it creates', () => {
  let opened: Awaited<ReturnType<typeof openDevice>>;
  before(async () => {
    opened = await openDevice();
  });
  after(() => opened.device.destroy());

  for (const kind of ['buffer', 'mappedBuffer', 'texture', 'textureView', 'sampler', 'bindGroupLayout', 'pipelineLayout', 'bindGroup', 'shaderModule', 'computePipeline', 'pipelineBindGroupLayout', 'querySet', 'commandBuffer', 'submit', 'renderBundle', 'invalidBuffer']) {
    test(`does not grow by ${COUNT} of kind ${kind}`, async () => {
      const { device, vfPid } = opened;
      const create = creators(device)[kind] as () => unknown;
      const { pssMiB } = await churn(device, { kind, create, count: COUNT, vfPid });
      ok((pssMiB[3] as number) <= (pssMiB[1] as number) + SLACK_MIB, `PSS went ${pssMiB.join(', ')} MiB`);
    });
  }
});
