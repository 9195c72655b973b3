import { equal, match } from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Reason } from './control-protocol.ts';
import { logTo } from './log.ts';
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
