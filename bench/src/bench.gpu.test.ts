import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Result } from './result.ts';

test('measures every provider, and writes the figures and the picture', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-bench-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [json, svg] = [join(directory, 'figures.json'), join(directory, 'picture.svg')];
  const only = ['draw_same_caller', 'write256_caller', 'start_to_first_dispatch_pool'];
  const run = spawnSync(process.execPath, [fileURLToPath(new URL('main.js', import.meta.url)), '--runs', '1', '--only', only.join(','), '--json', json, '--svg', svg], { encoding: 'utf8' });
  equal(run.status, 0, run.stderr);
  match(run.stdout, /^draw_same_caller +µs\/frame /m);
  const { adapter, results } = JSON.parse(readFileSync(json, 'utf8')) as { adapter: string; results: Result[] };
  equal(adapter.length > 0, true);
  deepEqual(results.map(({ name }) => name), only);
  for (const { native, nativeTuned, gpup } of results) for (const figure of [native, nativeTuned, gpup]) equal(Number.isFinite(figure), true);
  match(readFileSync(svg, 'utf8'), /^<svg /);
});
