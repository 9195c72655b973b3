// Bundles the Node face into files that programs load from anywhere: dist/provider.cjs, which stands in for npm
// `webgpu`, and dist/preload.mjs for `node --import`. Runs after `tsc -b`.
// With `--pack DIRECTORY` the same two go there, small and without a trace of this machine: a release's driver, kept
// for the test of compatibility.
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist');
const require = createRequire(import.meta.url);

const [option, packedDirectory] = process.argv.slice(2);
const isPacked = option === '--pack' && packedDirectory !== undefined;
const out = isPacked ? packedDirectory : dist;

const common = { bundle: true, platform: 'node', target: 'node20', logLevel: 'warning', legalComments: 'none', minify: isPacked, keepNames: isPacked };

await build({
  ...common,
  entryPoints: [join(dist, 'provider.js')],
  outfile: join(out, 'provider.cjs'),
  format: 'cjs',
  define: isPacked ? {} : { BUILT_DIST_DIRECTORY: JSON.stringify(dist) },
  // What is resolved at run time (koffi and its binaries) is looked for from where the bundle lies, and where it
  // was built if it was copied away from its packages. Modules of ours that need `import.meta.url` look for `require` first.
  banner: { js: `require = ${lookFirstFrom.toString()}(require, ${isPacked ? '__filename' : JSON.stringify(join(dist, 'provider.cjs'))});` },
  logOverride: { 'empty-import-meta': 'silent' },
});

const { globals } = require(resolve(out, 'provider.cjs'));

await build({
  ...common,
  entryPoints: [join(dist, 'preload.js')],
  outfile: join(out, 'preload.mjs'),
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
