/** What a guest sees of the adapter follows its partition. */
import { deepEqual, equal, rejects } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { ask } from './testing/line-api.ts';
import { PROVIDER, daemonForTests } from './testing/test-daemon.ts';

const MEBIBYTE = 2 ** 20;
const apiSocket = daemonForTests();

const GUEST = `
  const { create } = require(process.argv[1]);
  (async () => {
    const adapter = await create([]).requestAdapter();
    const of = async (descriptor) => (await create([]).requestAdapter()).requestDevice(descriptor).then(() => 'a device', ({ name }) => name);
    const { description } = adapter.info;
    const { maxBufferSize, maxTextureDimension2D } = adapter.limits;
    console.log(JSON.stringify({
      description, maxBufferSize, maxTextureDimension2D,
      features: [...adapter.features],
      withFeature: await of({ requiredFeatures: ['timestamp-query'] }),
      withLimit: await of({ requiredLimits: { maxBufferSize } }),
      withMore: await of({ requiredLimits: { maxBufferSize: maxBufferSize + 4 } }),
    }));
    process.exit();
  })();`;

interface Seen {
  readonly description: string;
  readonly maxBufferSize: number;
  readonly maxTextureDimension2D: number;
  readonly features: readonly string[];
  readonly withFeature: string;
  readonly withLimit: string;
  readonly withMore: string;
}

async function seenIn(socketPath: string): Promise<Seen> {
  const { stdout } = await promisify(execFile)(process.execPath, ['-e', GUEST, PROVIDER], { env: { ...process.env, GPUP_SOCKET: socketPath } });
  return JSON.parse(stdout) as Seen;
}

test('a baseline, a budget and the name of the partition', async () => {
  const { socketPath } = await ask(apiSocket(), 'createPartition', {
    name: 'movable',
    vram: { min: 512 * MEBIBYTE, optimal: 512 * MEBIBYTE, max: 512 * MEBIBYTE },
    baseline: { features: [], limits: { maxTextureDimension2D: 8192 } },
  });
  const { description, ...seen } = await seenIn(socketPath);
  deepEqual(seen, {
    maxBufferSize: 512 * MEBIBYTE,
    maxTextureDimension2D: 8192,
    features: ['core-features-and-limits'],
    withFeature: 'TypeError',
    withLimit: 'a device',
    withMore: 'OperationError',
  });
  equal(description.endsWith(' (gpup partition movable)'), true, description);
});

test('without a baseline all of the adapter', async () => {
  const { socketPath } = await ask(apiSocket(), 'createPartition', { name: 'plain' });
  const { features, withFeature } = await seenIn(socketPath);
  const [adapter] = await ask(apiSocket(), 'adapters');
  deepEqual(features, adapter?.features);
  equal(withFeature, 'a device');
});

const refused: Readonly<Record<string, object>> = {
  'capability-order': { vram: { min: 3, max: 2 } },
  'unknown-escape': { escapes: ['everything'] },
  'unknown-feature': { baseline: { features: ['timestamp-queries'] } },
  'unknown-limit': { baseline: { limits: { maxBufferSizes: 1 } } },
  'encode-unsupported': { encode: { max: 1 } },
  'bad-field': { escapes: ['statistics', 'statistics'] },
};
for (const [code, fields] of Object.entries(refused)) {
  test(`what the next host could not read is refused when it is asked for (${code})`, async () => {
    const countBefore = (await ask(apiSocket(), 'partitions')).length;
    await rejects(ask(apiSocket(), 'createPartition', { name: 'refused', ...fields }), { code });
    equal((await ask(apiSocket(), 'partitions')).length, countBefore);
    if (!('baseline' in fields)) await rejects(ask(apiSocket(), 'changePartition', 'plain', fields), { code });
  });
}
