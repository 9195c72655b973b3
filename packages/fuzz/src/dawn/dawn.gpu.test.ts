import { deepEqual, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { isBackendBug } from '../finding.ts';
import { runReal } from '../real.ts';

const SECONDS = 10;
const seed = Date.now() % 1_000_000_007;

// `npm run fuzz -- --backend dawn --target TARGET --seed SEED`
for (const target of ['dawn', 'host']) {
  test(`a guest's attacks on Dawn and on a host process end with a reason at most: ${target}, seed ${seed}`, async () => {
    const { findings, inputCount } = await runReal({ seed, seconds: SECONDS, inputCountMax: Number.MAX_SAFE_INTEGER, targets: [target], stopsAtFinding: false, progress: () => {} });
    deepEqual(findings.filter(({ finding }) => !isBackendBug(finding, target)), []);
    ok(inputCount > 0);
  });
}
