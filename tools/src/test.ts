/**
 * `npm test [-- WORD…]`: runs every compiled test file (`*.test.js`) whose path contains one of the
 * words, or all. Node 20's own runner takes files, not patterns, so they are listed here.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

function testFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== 'node_modules' && entry.name !== 'src') found.push(...testFiles(path));
    else if (entry.name.endsWith('.test.js')) found.push(path);
  }
  return found;
}

const words = process.argv.slice(2).filter((word) => !word.startsWith('-'));
const options = process.argv.slice(2).filter((word) => word.startsWith('-'));
const files = ['packages', 'codegen', 'tests', 'examples', 'bench', 'tools']
  .flatMap((folder) => testFiles(join(root, folder)))
  .map((file) => relative(root, file))
  .filter((file) => words.length === 0 || words.some((word) => file.includes(word)))
  .sort();
if (files.length === 0) {
  console.error(`No compiled test file matches (${words.join(', ')}). Run "npm run build" first.`);
  process.exit(1);
}
// Two files at a time: the machines have two cores, and the software GPU uses both.
const run = spawnSync(process.execPath, ['--expose-gc', '--test', '--test-concurrency=2', ...options, ...files], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
