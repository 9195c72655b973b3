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

/** Tests of the API with render passes in them; see docs/protocol.md, "Recorded passes". */
const REPLAYED = /tests\/dist\/api\/(canvas|declared-usage|encoders|error-scopes|labels|queries|render-bundles|device-lost|bindings)\.test\.js$/;

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
// What failed is told once more at the end, which is what is left of long outputs.
const reporter = options.some((option) => option.startsWith('--test-reporter')) ? [] : ['--test-reporter=spec'];

// Two files at a time: the machines have two cores, and the software GPU uses both.
function run(chosen: readonly string[], environment: Readonly<Record<string, string>>): number {
  const env = { ...process.env, ...environment };
  return spawnSync(process.execPath, ['--expose-gc', '--test', '--test-concurrency=2', ...reporter, ...options, ...chosen], { cwd: root, stdio: 'inherit', env }).status ?? 1;
}

let status = run(files, {});
// What programs see must not depend on whether their render passes are replayed.
const visible = files.filter((file) => REPLAYED.test(file));
if (status === 0 && visible.length > 0) status = run(visible, { GPUP_REPLAY: 'first-sight' });
process.exit(status);
