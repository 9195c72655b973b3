import { deepEqual, equal } from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { softwareGpu } from './software.ts';

const earlier = process.env['XDG_CACHE_HOME'];
const folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
let cacheHome: string;

beforeEach(() => {
  cacheHome = mkdtempSync(join(folder, 'cache-'));
  process.env['XDG_CACHE_HOME'] = cacheHome;
});
after(() => {
  if (earlier === undefined) delete process.env['XDG_CACHE_HOME'];
  else process.env['XDG_CACHE_HOME'] = earlier;
  rmSync(folder, { recursive: true });
});

const FILES = ['libvk_swiftshader.so', 'libvulkan.so.1', 'vk_swiftshader_icd.json'];

test('unpacks the driver, its loader and its manifest, for us alone, and leaves nothing else', async () => {
  const gpu = await softwareGpu();
  deepEqual(readdirSync(gpu.directory).sort(), FILES);
  equal(dirname(gpu.icdPath), gpu.directory);
  equal(statSync(gpu.directory).mode & 0o077, 0);
  equal(readdirSync(join(cacheHome, 'gpup')).length, 1);
});

test('unpacks once', async () => {
  const first = statSync((await softwareGpu()).icdPath).ino;
  equal(statSync((await softwareGpu()).icdPath).ino, first);
});

test('four at once get the same files', async () => {
  const gpus = await Promise.all([softwareGpu(), softwareGpu(), softwareGpu(), softwareGpu()]);
  equal(new Set(gpus.map(({ directory }) => directory)).size, 1);
  deepEqual(readdirSync(join(cacheHome, 'gpup')).length, 1);
});

test('replaces a cache from which files are missing', async () => {
  const { directory } = await softwareGpu();
  rmSync(join(directory, FILES[0] as string));
  deepEqual(readdirSync((await softwareGpu()).directory).sort(), FILES);
});

test('runs no code from a folder that others may write to', async (t) => {
  const earlierTmp = process.env['TMPDIR'];
  process.env['TMPDIR'] = folder;
  t.after(() => {
    if (earlierTmp === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = earlierTmp;
  });
  mkdirSync(join(cacheHome, 'gpup'));
  chmodSync(join(cacheHome, 'gpup'), 0o777);
  const gpu = await softwareGpu();
  equal(dirname(gpu.directory), join(folder, `gpup-cache-${process.getuid?.()}`));
});

test('removes what an unpacking that was killed has left, once it is old', async () => {
  const left = join(cacheHome, 'gpup', '.unpacking-1-00');
  const running = join(cacheHome, 'gpup', '.unpacking-2-00');
  mkdirSync(left, { recursive: true, mode: 0o700 });
  mkdirSync(running);
  utimesSync(left, 0, 0);
  const { directory } = await softwareGpu();
  deepEqual(readdirSync(join(cacheHome, 'gpup')).map((name) => join(cacheHome, 'gpup', name)).sort(), [running, directory].sort());
});
