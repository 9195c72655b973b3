/**
 * Programs keep the driver that they were installed with, while hosts are upgraded under them: a driver of every
 * release that was packed (tests/compat) goes on working with the host of today.
 */
import { deepEqual, equal, ok } from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type EphemeralHost, PROVIDER_PATH, SOCKET_VARIABLE, startHost, TRANSPORT_VARIABLE } from '@gpup/guest';
import { replayInProcess } from '@gpup/pf';
import { CaptureFile, CaptureReader, replayCapture } from '@gpup/vf/capture';
import { nullBackend } from '@gpup/vf/null';
import type { Results } from './old-guest.ts';

const here = dirname(fileURLToPath(import.meta.url));
const PACKED = join(here, '../../compat');
const GUEST = join(here, 'old-guest.js');
const RELEASES = readdirSync(PACKED);
const run = promisify(execFile);

let host: EphemeralHost;
before(async () => {
  host = await startHost({ adapter: 'software', pool: 0, escapes: ['statistics'] });
});
after(() => host.end());

async function resultsOf(args: readonly string[], transport: string): Promise<Results> {
  const env = { ...process.env, [SOCKET_VARIABLE]: host.socketPath, [TRANSPORT_VARIABLE]: transport };
  return JSON.parse((await run(process.execPath, args, { env })).stdout) as Results;
}

/** The driver of today is right by its own tests; what the others must come to. */
function today(): Promise<Results> {
  return resultsOf([GUEST, PROVIDER_PATH], 'aperture');
}

test('what the guest comes to with the driver of today is what it must be', async () => {
  const { squares, coveredCount, errors } = await today();
  deepEqual(squares, Array.from({ length: 1024 }, (_, index) => index * index));
  ok(coveredCount > 1900 && coveredCount < 2200, `${coveredCount} texels of half of 4096`);
  deepEqual(errors, ['GPUValidationError', 'GPUValidationError']);
});

for (const release of RELEASES) {
  const directory = join(PACKED, release);
  for (const transport of ['aperture', 'stream']) {
    test(`the driver of ${release} computes and renders the same over ${transport}`, async () => {
      deepEqual(await resultsOf([GUEST, join(directory, 'provider.cjs')], transport), await today());
    });
  }

  test(`the preload of ${release} installs a driver that does`, async () => {
    const preload = pathToFileURL(join(directory, 'preload.mjs')).href;
    deepEqual(await resultsOf(['--import', preload, GUEST], 'aperture'), await today());
  });

  test(`what a guest of ${release} once sent is answered in the same way on the software GPU`, async () => {
    const result = await replayInProcess({ path: join(directory, 'trace.gpupcap'), adapter: 'software', hashesBuffers: true, stallMsMax: 60_000 });
    equal(result.kind, 'replayed', JSON.stringify(result));
    if (result.kind !== 'replayed') return;
    const { replies, lost, stalled, buffers } = result.report;
    deepEqual([replies.differences, replies.otherKind, replies.otherData, lost, stalled], [[], 0, 0, null, null]);
    ok(replies.equal > 10, `${replies.equal} equal answers`);
    ok(Array.isArray(buffers));
  });

  test(`what a guest of ${release} once sent is no fault on a backend without a GPU`, async () => {
    const file = new CaptureFile(join(directory, 'trace.gpupcap'));
    try {
      const { replies, lost, stalled } = await replayCapture({ capture: new CaptureReader(file), backend: nullBackend() });
      deepEqual([lost, stalled, replies.otherKind], [null, null, 0]);
    } finally {
      file.close();
    }
  });
}
