import { randomBytes } from 'node:crypto';
import { type Stats, existsSync, lstatSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { tarFiles } from '../tar.ts';

/**
 * The bundled software GPU: SwiftShader and a Vulkan loader, out of an archive in the npm package
 * `@sparticuz/chromium`. Unpacked once into a cache directory of the user's.
 */
export interface SoftwareGpu {
  readonly directory: string;
  /** The Vulkan driver's manifest, for VK_DRIVER_FILES. */
  readonly icdPath: string;
  /** The package that it comes from, as NAME@VERSION. */
  readonly origin: string;
}

const PACKAGE = '@sparticuz/chromium';
const DRIVER_FILE = 'libvk_swiftshader.so';
const LOADER_FILE = 'libvulkan.so.1';
const ICD_FILE = 'vk_swiftshader_icd.json';
const FILES: readonly string[] = [DRIVER_FILE, LOADER_FILE, ICD_FILE];
/** What the package holds is built for this alone. */
const ARCHITECTURE = 'x64';

export async function softwareGpu(): Promise<SoftwareGpu> {
  if (process.arch !== ARCHITECTURE) {
    throw new Error(`The bundled software GPU is built for ${ARCHITECTURE} only (this is ${process.arch}).`);
  }
  const { directory: packageDirectory, version } = locatePackage();
  const parent = cacheDirectory();
  const directory = join(parent, `swiftshader-${version}`);
  sweepUnpacking(parent);
  if (!isComplete(directory)) await unpack(join(packageDirectory, 'bin', 'swiftshader.tar.br'), parent, directory);
  return { directory, icdPath: join(directory, ICD_FILE), origin: `${PACKAGE}@${version}` };
}

/**
 * The package exports its JavaScript only, which we have no use for (it is made to start a browser); its
 * folder is found through the resolved entry, wherever an installer put it.
 */
function locatePackage(): { readonly directory: string; readonly version: string } {
  let directory = dirname(createRequire(import.meta.url).resolve(PACKAGE));
  for (;;) {
    const manifestPath = join(directory, 'package.json');
    if (existsSync(manifestPath)) {
      const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as { name?: unknown; version?: unknown };
      if (manifest.name === PACKAGE && typeof manifest.version === 'string') return { directory, version: manifest.version };
    }
    if (dirname(directory) === directory) throw new Error(`The package ${PACKAGE} has no package.json.`);
    directory = dirname(directory);
  }
}

/** Holds code that we run, so it must be ours alone: a folder in a shared /tmp is used only if nobody else made it. */
function cacheDirectory(): string {
  const inHome = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'gpup');
  try {
    mkdirSync(inHome, { recursive: true, mode: 0o700 });
    if (isOurs(lstatSync(inHome))) return inHome;
  } catch {
    // No home, or one that cannot be written to, as in many containers.
  }
  const inTmp = join(tmpdir(), `gpup-cache-${process.getuid?.() ?? 0}`);
  mkdirSync(inTmp, { recursive: true, mode: 0o700 });
  if (!isOurs(lstatSync(inTmp))) throw new Error(`The cache directory (${inTmp}) belongs to another user, or others may write to it.`);
  return inTmp;
}

function isOurs(found: Stats): boolean {
  return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
}

function isComplete(directory: string): boolean {
  return FILES.every((name) => existsSync(join(directory, name)));
}

/**
 * Several host processes may do this at the same moment. Each fills a folder of its own and renames it;
 * the first one wins, and the others find the winner's in place. So nobody ever sees half a driver.
 */
async function unpack(archivePath: string, parent: string, directory: string): Promise<void> {
  const archive = await promisify(brotliDecompress)(readFileSync(archivePath));
  const unpacking = join(parent, `${UNPACKING_PREFIX}${process.pid}-${randomBytes(6).toString('hex')}`);
  mkdirSync(unpacking, { mode: 0o700 });
  try {
    for (const { name, bytes } of tarFiles(archive)) {
      if (FILES.includes(name)) writeFileSync(join(unpacking, name), bytes, { mode: 0o600 });
    }
    if (!isComplete(unpacking)) throw new Error(`The archive ${archivePath} lacks one of ${FILES.join(', ')}.`);
    moveIntoPlace(unpacking, directory);
  } finally {
    rmSync(unpacking, { recursive: true, force: true });
  }
}

function moveIntoPlace(unpacking: string, directory: string): void {
  try {
    renameSync(unpacking, directory);
    return;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST') throw error;
  }
  if (isComplete(directory)) return;
  // Someone has removed files from the cache. Ours replaces what is left of it.
  const broken = `${unpacking}-broken`;
  renameSync(directory, broken);
  renameSync(unpacking, directory);
  rmSync(broken, { recursive: true, force: true });
}

const UNPACKING_PREFIX = '.unpacking-';
/** Unpacking takes a second or two; what is older was left by a process that was killed meanwhile. */
const UNPACKING_MS_MAX = 10 * 60_000;

function sweepUnpacking(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(UNPACKING_PREFIX)) continue;
    const path = join(parent, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found !== undefined && Date.now() - found.mtimeMs > UNPACKING_MS_MAX) rmSync(path, { recursive: true, force: true });
  }
}
