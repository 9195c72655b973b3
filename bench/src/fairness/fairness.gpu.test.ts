import { deepEqual, equal, match } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { FairnessResult } from './run.ts';

const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

// Whether bars are reached is a matter of longer windows and quiet machines: figures are there, of guests whose work was right.
test('measures guests under every policy, and writes the figures and the picture', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-bench-test-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [json, svg] = [join(directory, 'figures.json'), join(directory, 'picture.svg')];
  const run = spawnSync(process.execPath, [MAIN, '--only', 'fairness-fixed,fairness-latency', '--window', '0.4', '--json', json, '--svg', svg], { encoding: 'utf8' });
  const result = JSON.parse(readFileSync(json, 'utf8')) as FairnessResult;
  deepEqual(result.failures, {}, run.stderr);
  const [fixed, latency] = result.outcomes;
  deepEqual(fixed?.groups.map(({ guests }) => guests.map(({ guest, promised }) => [guest, promised])), [
    [['half', 0.5], ['quarter-greedy', 0.25], ['quarter-simple', 0.25]],
    [['half', 0.5]],
    [['quarter-greedy', 0.25]],
  ]);
  deepEqual(latency?.latencies.map(({ title, boundMs }) => [title, boundMs !== null]), [
    ['frames alone', false],
    ['best-effort, throughput', false],
    ['equal-share, throughput', false],
    ['best-effort, interactive', true],
    ['equal-share, interactive', true],
    ['fixed-share, interactive', true],
  ]);
  const bars = result.outcomes.flatMap(({ figures }) => figures.filter(({ bar }) => bar !== undefined));
  equal(bars.length, 6);
  equal(run.status, bars.every(({ isReached }) => isReached) ? 0 : 1, run.stderr);
  match(run.stdout, /^latency +frame_p99_equal_share_interactive +[\d.NaN]+ ms +≤ [\d.]+ +(?:not )?reached$/m);
  match(readFileSync(svg, 'utf8'), /^<svg /);
});
