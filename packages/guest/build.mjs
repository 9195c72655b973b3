// Bundles the Node face into files that programs load from anywhere: dist/provider.cjs, which stands in for npm
// `webgpu`, and dist/preload.mjs for `node --import`. Runs after `tsc -b`.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const require = createRequire(import.meta.url);

const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', legalComments: 'none' };

await build({
  ...common,
  entryPoints: [join(dist, 'provider.js')],
  outfile: join(dist, 'provider.cjs'),
  format: 'cjs',
  define: { BUILT_DIST_DIRECTORY: JSON.stringify(dist) },
  // What is resolved at run time (koffi and its binaries) is looked for from where the bundle lies, and where it
  // was built if it was copied away from its packages. Modules of ours that need `import.meta.url` look for `require` first.
  banner: { js: `require = ${lookFirstFrom.toString()}(require, ${JSON.stringify(join(dist, 'provider.cjs'))});` },
  logOverride: { 'empty-import-meta': 'silent' },
});

const { globals } = require(join(dist, 'provider.cjs'));

await build({
  ...common,
  entryPoints: [join(dist, 'preload.js')],
  outfile: join(dist, 'preload.mjs'),
  format: 'esm',
  define: { GLOBAL_NAMES: JSON.stringify(Object.keys(globals)) },
});

/** Goes into the bundle as text. */
function lookFirstFrom(own, builtPath) {
  return (id) => {
    try {
      return own(id);
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
      return own('node:module').createRequire(builtPath)(id);
    }
  };
}
