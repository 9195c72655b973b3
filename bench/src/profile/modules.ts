/** Which module a function in a profile is in, also within the guest's bundle. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CallFrame } from './cpu-profile.ts';
import type { Place } from './stages.ts';

/** esbuild begins each module of a bundle with its path in a comment of its own. */
const BUNDLED_MODULE = /^\/\/ ((?:packages|node_modules)\/\S+\.[cm]?js)$/;

interface BundledModule {
  /** Zero-based line at which it begins. */
  readonly line: number;
  readonly path: string;
}

export function bundledModules(text: string): BundledModule[] {
  return text.split('\n').flatMap((line, index) => {
    const path = BUNDLED_MODULE.exec(line)?.[1];
    return path === undefined ? [] : [{ line: index, path }];
  });
}

/** `root`: the repository's directory. */
export function placeFinder(root: string, bundlePath: string): (frame: CallFrame) => Place | undefined {
  const bundle = bundledModules(readFileSync(bundlePath, 'utf8'));
  return ({ url, lineNumber }) => {
    if (url === '' || url.startsWith('node:')) return undefined;
    const path = url.startsWith('file:') ? fileURLToPath(url) : url;
    const within = path === bundlePath ? bundle.findLast((each) => each.line <= lineNumber) : undefined;
    if (within !== undefined) return { module: within.path, line: lineNumber - within.line };
    return { module: path.startsWith(`${root}/`) ? path.slice(root.length + 1) : path, line: lineNumber + 1 };
  };
}
