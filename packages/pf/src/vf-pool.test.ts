import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, mock, test } from 'node:test';
import { PF_LIMITS } from './limits.ts';
import { logTo } from './log.ts';
import { VfPool } from './vf-pool.ts';
import type { VfSurvivalPlan } from './vf-process.ts';

const REASON = { code: 'test', message: 'The test ends.' };

/** A pool whose VF processes end at once, as the process that they are told to obey is not their parent. */
function poolOfMayflies(size: number, survival: VfSurvivalPlan | null = null): VfPool {
  return new VfPool({ launch: { config: { hostPid: process.ppid, dawnFlags: [], adapter: 'software', isolation: 'off' }, environment: {}, survival, groups: null }, size });
}

async function allEnded(pool: VfPool): Promise<void> {
  while (pool.processCount > 0) await new Promise((resolve) => setImmediate(resolve));
}

function mockTimers(t: TestContext): void {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
}

test('a VF process that ends in the pool is replaced ever more slowly', async (t) => {
  mockTimers(t);
  const pool = poolOfMayflies(1);
  pool.fill(1);
  const delays: number[] = [];
  for (let round = 0; round < 8; round++) {
    await allEnded(pool);
    let delayMs = 0;
    while (pool.processCount === 0) {
      mock.timers.tick(PF_LIMITS.refillDelayMs);
      delayMs += PF_LIMITS.refillDelayMs;
    }
    delays.push(delayMs / 1000);
  }
  deepEqual(delays, [1, 2, 4, 8, 16, 32, 60, 60]);
  await allEnded(pool);
  await pool.close(REASON);
});

test('a VF process that cannot be started is tried again ever more slowly, as soon as it can be', async (t) => {
  mockTimers(t);
  const logged: string[] = [];
  logTo((text) => logged.push(text));
  const parent = mkdtempSync(join(tmpdir(), 'gpup-pool-'));
  t.after(() => rmSync(parent, { recursive: true }));
  // The log of a VF cannot be made where there is no directory for it.
  const directory = join(parent, 'vfs');
  const pool = poolOfMayflies(1, { directory, orphanMsMax: 1000 });
  pool.fill(1);
  for (const delaySeconds of [1, 2, 4]) {
    const { length } = logged;
    mock.timers.tick(delaySeconds * 1000 - 1);
    equal(logged.length, length);
    mock.timers.tick(1);
    deepEqual([logged.length, pool.processCount], [length + 1, 0]);
  }
  match(logged.join('\n'), /^A VF process does not start: ENOENT/);
  mkdirSync(directory);
  mock.timers.tick(8000);
  equal(pool.processCount, 1);
  await allEnded(pool);
  await pool.close(REASON);
});

test('a pool of none starts a VF process for each guest and no other', async (t) => {
  mockTimers(t);
  const pool = poolOfMayflies(0);
  pool.fill(0);
  equal(pool.processCount, 0);
  pool.take(() => false);
  equal(pool.processCount, 1);
  await allEnded(pool);
  mock.timers.tick(PF_LIMITS.refillDelayMsMax);
  equal(pool.processCount, 0);
});

test('a taken VF process is asked for in the order of the starts, and belongs to its taker', async () => {
  const pool = poolOfMayflies(3);
  pool.fill(3);
  const asked: object[] = [];
  const second = pool.take((vf) => asked.push(vf) === 2);
  equal(second, asked[1]);
  equal(pool.processCount, 2);
  equal(pool.take((vf) => vf === asked[0]), asked[0]);
  await pool.close(REASON);
  equal(pool.processCount, 0);
});
