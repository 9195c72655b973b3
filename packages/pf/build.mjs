// Bundles the host's processes, the host process and the VF process: dist/main.cjs beside each dist/main.js. See
// packages/os/src/program.ts for why, and for when it is used. Runs after `tsc -b`.
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const packages = dirname(dirname(fileURLToPath(import.meta.url)));

await Promise.all(
  ['pf', 'vf'].map((name) =>
    build({
      entryPoints: [join(packages, name, 'dist/main.js')],
      outfile: join(packages, name, 'dist/main.cjs'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      external: ['koffi', 'webgpu'],
      define: { 'import.meta.url': 'scriptUrl' },
      banner: { js: "const scriptUrl = require('node:url').pathToFileURL(__filename).href;" },
      legalComments: 'none',
      logLevel: 'warning',
    }),
  ),
);
