/**
 * Unmodified programs give the same numbers and pixels in a partition as on npm `webgpu` itself, on the
 * same adapter, bit for bit.
 */
import { deepEqual, equal, match, notEqual } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { type GuestRun, runGuest } from './testing/comparison.ts';

const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const PROGRAMS = [
  { program: 'train.mjs', args: ['--steps', '4', '--batch', '16'], hashes: ['weightsSha256'] },
  {
    program: 'scene.mjs',
    args: ['--frames', '2', '--width', '192', '--height', '108', '--out', join(directory, 'scene.png')],
    hashes: ['pixelsSha256', 'allFramesSha256'],
  },
  {
    program: 'nbody.mjs',
    args: ['--steps', '6', '--bodies', '256', '--size', '96', '--out', join(directory, 'nbody.png')],
    hashes: ['stateSha256', 'pixelsSha256'],
  },
] as const;

for (const { program, args, hashes } of PROGRAMS) {
  test(`${program}: a partition gives native's bits, over shared memory and over a byte stream`, async () => {
    const native = await runGuest('native', program, args);
    for (const name of hashes) match(String(native.fields[name]), /^[0-9a-f]{64}$/);
    // The comparison would prove nothing if the native run were one of ours.
    equal(native.mappedDriver, true);
    for (const transport of ['aperture', 'stream'] as const) {
      const partition = await runGuest(transport, program, args);
      deepEqual(resultOf(partition), resultOf(native));
    }
  });
}

test('another seed gives other bits', async () => {
  const [first, second] = await Promise.all(['1', '2'].map((seed) => runGuest('aperture', 'nbody.mjs', ['--steps', '1', '--bodies', '64', '--size', '16', '--seed', seed, '--out', join(directory, `${seed}.png`)])));
  notEqual(first?.fields['stateSha256'], second?.fields['stateSha256']);
});

/** All that does not depend on the clock. */
function resultOf({ fields }: GuestRun): Readonly<Record<string, unknown>> {
  const { seconds: _, ...result } = fields;
  return result;
}
