import { programIn } from '@gpup/os/program';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

// In the CommonJS bundle there is __dirname and no import.meta.url; in a module it is the other way round.
const here = typeof __dirname === 'string' ? __dirname : dirname(fileURLToPath(import.meta.url));

/** Set by the bundle's build: where this package was built, for a bundle that was copied elsewhere. */
declare const BUILT_DIST_DIRECTORY: string | undefined;

/**
 * The host process's program. It is named by its place beside this package, in the repository as in an
 * installation, since no guest may import anything of the host's.
 */
export function hostMainPath(): string {
  const built = typeof BUILT_DIST_DIRECTORY === 'string' ? [BUILT_DIST_DIRECTORY] : [];
  const candidates = [here, ...built].map((dist) => join(dist, '..', '..', 'pf', 'dist'));
  const found = candidates.find((dist) => existsSync(join(dist, 'main.js')));
  if (found === undefined) throw new Error(`The host process's program is not installed (${candidates.join(', ')}).`);
  return programIn(found, ['base', 'os', 'vf', 'pf']);
}
