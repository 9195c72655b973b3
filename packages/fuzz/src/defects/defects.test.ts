import { equal, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { DEFECTS } from './list.ts';
import { fuzzWith } from './proof.ts';

/** Each is found within a second or two; a machine that is busy with other things may take longer. */
const SECONDS_MAX = 60;

test('there are ten defects at least, each with a name of its own', () => {
  ok(DEFECTS.length >= 10);
  equal(new Set(DEFECTS.map(({ name }) => name)).size, DEFECTS.length);
});

for (const defect of DEFECTS) {
  test(`the fuzzer finds it when ${defect.what}`, async () => {
    const { findings, inputs } = await fuzzWith(defect, { seed: 20_260_101, seconds: SECONDS_MAX });
    ok(findings.length > 0, `not found within ${inputs} inputs`);
  });
}
