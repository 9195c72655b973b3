import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
/** What the daemon and its VFs consist of. */
const PACKAGES = ['api', 'base', 'bus', 'daemon', 'os', 'pf', 'sandbox', 'vf', 'vidmm', 'wire'];

/** Another build of the daemon, with its own copies of all that it runs. Returns its test program. */
export function otherBuild(directory: string, version: string): string {
  const modules = join(directory, 'node_modules');
  mkdirSync(join(modules, '@gpup'), { recursive: true });
  for (const name of PACKAGES) {
    const target = join(directory, 'packages', name);
    cpSync(join(ROOT, 'packages', name, 'dist'), join(target, 'dist'), { recursive: true, preserveTimestamps: true });
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages', name, 'package.json'), 'utf8')) as object;
    writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, version }));
    symlinkSync(target, join(modules, '@gpup', name));
  }
  for (const name of readdirSync(join(ROOT, 'node_modules'))) {
    if (name !== '@gpup' && name !== '.bin') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  }
  return join(directory, 'packages/daemon/dist/testing/daemon-program.js');
}
