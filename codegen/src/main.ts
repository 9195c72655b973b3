/** `npm run codegen [-- --check]`: writes what the generator gives, or says which files are out of date. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generate, root } from './generate.ts';

function main(check: boolean): void {
  const stale: string[] = [];
  for (const [path, text] of generate()) {
    const full = join(root, path);
    if (existsSync(full) && readFileSync(full, 'utf8') === text) continue;
    stale.push(path);
    if (check) continue;
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  if (check && stale.length > 0) {
    console.error(`Generated files are out of date: ${stale.join(', ')}. Run "npm run codegen" and commit the result.`);
    process.exitCode = 1;
  } else {
    console.log(check ? 'Generated files are up to date.' : `Wrote ${stale.length} file(s).`);
  }
}

main(process.argv.includes('--check'));
