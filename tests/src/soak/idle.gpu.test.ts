import { ok } from 'node:assert/strict';
import { test } from 'node:test';
import { measureIdle } from './idle.ts';

test('eight idle guests and their VFs use next to no processor, and each VF little memory', async () => {
  const result = await measureIdle({ guestCount: 8, seconds: 5 });
  // Processor time, not wall time: a busy machine does not make an idle process work.
  ok(result.cpuPercentMean < 0.2, `a guest with its VF used ${result.cpuPercentMean.toFixed(3)} % of a core`);
  ok(result.vfPssMiBMax <= 60, `a VF has ${result.vfPssMiBMax.toFixed(1)} MiB of PSS`);
  ok(result.pooledCpuPercent < 0.2, `the VF process that waits used ${result.pooledCpuPercent.toFixed(3)} % of a core`);
  ok(result.pooledPssMiB <= 60, `it has ${result.pooledPssMiB.toFixed(1)} MiB of PSS`);
});
