import { statSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a process of ours runs: `main.cjs` in the package's `dist`, which holds `main.js` with all that it
 * imports. To find and read some eighty modules one after the other would be half of the process's start.
 *
 * In a working copy a package may have been compiled since that file was made. Then it is `main.js`:
 * `packages` are those that the file holds, beside each other in one folder.
 */
export function programIn(dist: string, packages: readonly string[]): string {
  const bundle = join(dist, 'main.cjs');
  const bundledMs = changedMs(bundle);
  const compiled = packages.map((name) => join(dist, '..', '..', name, 'dist', '.tsbuildinfo'));
  const isStale = bundledMs === null || compiled.some((path) => (changedMs(path) ?? 0) > bundledMs);
  return isStale ? join(dist, 'main.js') : bundle;
}

function changedMs(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
