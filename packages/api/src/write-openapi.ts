/** Writes openapi.json, or with `--check` says whether it is what the schemas give. Part of `npm run codegen`. */
import { readFileSync, writeFileSync } from 'node:fs';
import { openApiDocument } from './openapi.ts';

const path = new URL('../openapi.json', import.meta.url);
const text = `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (process.argv.includes('--check')) {
  if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('packages/api/openapi.json is not what the schemas give; run: node packages/api/dist/write-openapi.js\n');
    process.exitCode = 1;
  }
} else writeFileSync(path, text);
