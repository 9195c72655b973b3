/** The Chromium inside the npm package that the bundled software GPU comes from, unpacked once into the user's cache. */
import { execFileSync } from 'node:child_process';
import { createReadStream, createWriteStream, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { brotliDecompressSync, createBrotliDecompress } from 'node:zlib';

const PACKAGE = '@sparticuz/chromium';

export async function bundledChromium(): Promise<string> {
  // The entry is build/cjs/index.cjs; the archives are none of the package's exports.
  const packageDirectory = join(dirname(createRequire(import.meta.url).resolve(PACKAGE)), '../..');
  const { version } = JSON.parse(readFileSync(join(packageDirectory, 'package.json'), 'utf8')) as { version: string };
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gpup');
  const directory = join(cache, `chromium-${version}`);
  if (!existsSync(join(directory, 'chromium'))) await unpack(join(packageDirectory, 'bin'), cache, directory);
  return join(directory, 'chromium');
}

/** Into a folder of its own, which is renamed when it is whole. Chromium looks for its GL libraries and SwiftShader beside itself. */
async function unpack(archives: string, cache: string, directory: string): Promise<void> {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const unpacking = mkdtempSync(join(cache, '.unpacking-chromium-'));
  try {
    await pipeline(createReadStream(join(archives, 'chromium.br')), createBrotliDecompress(), createWriteStream(join(unpacking, 'chromium'), { mode: 0o700 }));
    execFileSync('tar', ['x', '--no-same-owner', '-C', unpacking], { input: brotliDecompressSync(readFileSync(join(archives, 'swiftshader.tar.br'))) });
    if (!existsSync(directory)) renameSync(unpacking, directory);
  } finally {
    rmSync(unpacking, { recursive: true, force: true });
  }
}
