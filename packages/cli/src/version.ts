import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export function version(): string {
  return versionIn(new URL('../package.json', import.meta.url));
}

/** The version of an npm package as installed here, or null. Nothing of it is loaded. */
export function packageVersion(name: string): string | null {
  const require = createRequire(import.meta.url);
  let directory: string;
  try {
    directory = dirname(require.resolve(name));
  } catch {
    return null;
  }
  for (; ; directory = dirname(directory)) {
    try {
      return versionIn(join(directory, 'package.json'), name);
    } catch {
      if (dirname(directory) === directory) return null;
    }
  }
}

function versionIn(path: string | URL, name?: string): string {
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as { name?: unknown; version?: unknown };
  if (name !== undefined && manifest.name !== name) throw new Error(`${String(path)} is not the package ${name}.`);
  return String(manifest.version);
}
