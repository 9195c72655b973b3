import { deepEqual, equal, match } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decode } from 'fast-png';
import type { reportJson } from './report.ts';

const DEMO = fileURLToPath(new URL('./demo.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
after(() => rmSync(directory, { recursive: true, force: true }));

type Summary = ReturnType<typeof reportJson>;

test('four guests at once: three do their work, the hostile one is contained', async () => {
  const out = join(directory, 'out');
  const { status, stdout, stderr } = await ended(demo('--quick', '--json', '--out', out));
  equal(status, 0, stderr + stdout);
  const { ok, guests, checks } = JSON.parse(stdout) as Summary;
  equal(ok, true);
  deepEqual(guests.map(({ name, ok: each }) => [name, each]), [['train', true], ['scene', true], ['n-body', true], ['hostile', true]]);
  deepEqual(checks.filter(({ holds }) => !holds), []);
  const { hoard, ...outcomes } = Object.fromEntries((guests[3]?.attacks ?? []).map(({ name, outcome, code }) => [name, `${outcome} ${code}`]));
  // Which of several limits it meets first is not the point.
  match(String(hoard), /^lost /);
  deepEqual(outcomes, {
    babble: 'refused line-too-long',
    guess: 'refused bad-token',
    noise: 'lost packet-length',
    overrun: 'lost ring-index',
    endless: 'lost packet-length',
    forge: 'lost stale-handle',
    peek: 'lost heap-range',
    truncate: 'refused EPERM',
    grow: 'refused EPERM',
    punch: 'lost ring-index',
  });
  const scene = decode(readFileSync(join(out, 'scene.png')));
  deepEqual([scene.width, scene.height], [480, 270]);
  const nbody = decode(readFileSync(join(out, 'nbody.png')));
  deepEqual([nbody.width, nbody.height], [360, 360]);
  match(readFileSync(join(out, 'loss.svg'), 'utf8'), /<polyline points="\d/);
});

test('an interrupt ends everything', async () => {
  const child = demo('--quick', '--out', join(directory, 'interrupted'));
  const hostPid = await new Promise<number>((resolve) => {
    child.stdout?.on('data', (chunk: Buffer) => {
      const pid = /host process \(pid (\d+)/.exec(chunk.toString('utf8'))?.[1];
      if (pid !== undefined) resolve(Number(pid));
    });
  });
  child.kill('SIGINT');
  equal((await ended(child)).status, 130);
  equal(existsSync(`/proc/${hostPid}`), false);
});

test('a mistake on the command line is a sentence and status 2', async () => {
  const { status, stdout, stderr } = await ended(demo('--fast'));
  deepEqual([status, stdout], [2, '']);
  match(stderr, /^demo: .*--fast/);
});

function demo(...args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [DEMO, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, GPUP_ADAPTER: 'software' } });
}

async function ended(child: ChildProcess): Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.on('data', (chunk: Buffer) => {
      texts[name] += chunk.toString('utf8');
    });
  }
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, ...texts };
}
