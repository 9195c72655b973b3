import { ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { churn, creators, openDevice } from './object-churn.ts';

const COUNT = 60_000;
/**
 * Compared with the half way. What collectors keep for a while, and allocators for ever, is less than this; dropped
 * objects of most kinds would be far more.
 */
const SLACK_MIB = 40;
/** On a busy machine collectors find their pace later: what is level then has not leaked, and what leaks is never level. */
const TRIES = 4;

describe('a VF whose guest drops what it creates', () => {
  let opened: Awaited<ReturnType<typeof openDevice>>;
  before(async () => {
    opened = await openDevice();
  });
  after(() => opened.device.destroy());

  for (const kind of ['buffer', 'mappedBuffer', 'texture', 'textureView', 'sampler', 'bindGroupLayout', 'pipelineLayout', 'bindGroup', 'shaderModule', 'computePipeline', 'pipelineBindGroupLayout', 'querySet', 'commandBuffer', 'submit', 'renderBundle', 'invalidBuffer']) {
    test(`is level after ${COUNT} of kind ${kind}, or after more`, async () => {
      const { device, vfPid } = opened;
      const create = creators(device)[kind] as () => unknown;
      const seenMiB: number[] = [];
      let isLevel = false;
      for (let tries = 0; tries < TRIES && !isLevel; tries++) {
        const { pssMiB } = await churn(device, { kind, create, count: COUNT, vfPid });
        seenMiB.push(...pssMiB);
        isLevel = (pssMiB[3] as number) <= (pssMiB[1] as number) + SLACK_MIB;
      }
      ok(isLevel, `PSS went ${seenMiB.join(', ')} MiB`);
    });
  }
});
