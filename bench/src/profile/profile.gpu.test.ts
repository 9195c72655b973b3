import { deepEqual, equal, match } from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { CpuProfile } from './cpu-profile.ts';

const tool = fileURLToPath(new URL('main.js', import.meta.url));

test('a profile of a partition shows guest, VF and host, with the functions that work there', (t) => {
  const out = mkdtempSync(join(tmpdir(), 'gpup-profile-test-'));
  t.after(() => rmSync(out, { recursive: true, force: true }));
  const printed = execFileSync(process.execPath, [tool, 'dispatch_caller', '--seconds', '1', '--out', out], { encoding: 'utf8' });
  match(printed, /^stage +guest ms +vf ms +host ms$/m);
  for (const stage of ['encode', 'ring', 'decode', 'execute', 'Dawn', 'wait']) match(printed, new RegExp(`^${stage} +.*%.*%.*%$`, 'm'));
  deepEqual(readdirSync(out).sort(), ['guest.cpuprofile', 'host.cpuprofile', 'vf.cpuprofile']);
  const urlsOf = (role: string): string => (JSON.parse(readFileSync(join(out, `${role}.cpuprofile`), 'utf8')) as CpuProfile).nodes.map((node) => node.callFrame.url).join('\n');
  // A sampler finds what runs for long: on a busy machine it may miss the guest's few milliseconds.
  match(urlsOf('vf'), /\/vf\/dist\//);
});

for (const args of [[], ['no_such_workload'], ['map_p50', '--provider', 'other'], ['map_p50', '--seconds', '0']]) {
  test(`refuses (${args.join(' ')}) with a sentence`, () => {
    const run = spawnSync(process.execPath, [tool, ...args], { encoding: 'utf8' });
    equal(run.status, 2);
    match(run.stderr, /\S+ .*\.\n$/);
  });
}
