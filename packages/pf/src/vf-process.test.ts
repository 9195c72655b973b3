import { equal, match } from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GroupTree } from '@gpup/sandbox/cgroup';
import type { Reason } from './control-protocol.ts';
import { logTo } from './log.ts';
import type { VfGroups } from './vf-group.ts';
import { VF_NODE_OPTIONS_VARIABLE, VfProcess } from './vf-process.ts';

const FORKING = fileURLToPath(new URL('./testing/forking-vf.js', import.meta.url));

test('a VF process that has ended is gone, whoever else holds its streams, and its last words are heard', async (t) => {
  process.env[VF_NODE_OPTIONS_VARIABLE] = `--import ${FORKING}`;
  t.after(() => delete process.env[VF_NODE_OPTIONS_VARIABLE]);
  const logged: string[] = [];
  logTo((text) => logged.push(text));
  const reason = await new Promise<Reason>((resolve) => {
    new VfProcess({ config: { hostPid: process.pid, dawnFlags: [], adapter: 'software', isolation: 'off' }, environment: {}, survival: null, groups: null }, { onReady: () => {}, onEnded: resolve });
  });
  equal(reason.code, 'vf-died');
  match(logged.join(), / holder \d+$/);
  process.kill(Number(/\d+$/.exec(logged.join())?.[0]), 'SIGKILL');
});

/** A VF process that only does what the module says. */
function endingOf(t: TestContext, module: string, groups: VfGroups | null = null): Promise<Reason> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-vf-'));
  const path = join(directory, 'module.mjs');
  writeFileSync(path, module);
  process.env[VF_NODE_OPTIONS_VARIABLE] = `--import ${path}`;
  t.after(() => {
    delete process.env[VF_NODE_OPTIONS_VARIABLE];
    rmSync(directory, { recursive: true });
  });
  return new Promise((resolve) => {
    const config = { hostPid: process.pid, dawnFlags: [], adapter: 'software', isolation: 'off' } as const;
    new VfProcess({ config, environment: {}, survival: null, groups }, { onReady: () => {}, onEnded: resolve });
  });
}

test('a VF process that is ended for a forbidden system call is told from one that dies otherwise', async (t) => {
  equal((await endingOf(t, "process.kill(process.pid, 'SIGSYS');")).code, 'vf-forbidden-call');
  equal((await endingOf(t, "process.kill(process.pid, 'SIGSEGV');")).code, 'vf-died');
});

test('a VF process that is ended for its memory is told so, where there are control groups', async (t) => {
  const tree = GroupTree.open({ name: `gpup-test-${process.pid}` });
  t.after(() => tree.close());
  // Twice what a VF without a guest may have.
  const eater = 'await new Promise((resolve) => setTimeout(resolve, 200)); const kept = []; for (let i = 0; i < 200; i++) kept.push(Buffer.alloc(10 << 20, 1)); process.exit(1);';
  const hasLimit = tree.states.some(({ measure, isInForce }) => measure === 'memory-limit' && isInForce);
  const { code, message } = await endingOf(t, eater, { tree, processorsMax: null, areRequired: false });
  equal(code, hasLimit ? 'vf-memory' : 'vf-died');
  if (hasLimit) match(message, /ended by the kernel \(SIGKILL\): it has used more memory than it may \(1073741824 bytes\)/);
});
