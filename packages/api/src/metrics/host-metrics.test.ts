import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { test } from 'node:test';
import { MemoryActions } from '../testing/memory-actions.ts';
import { counter, gauge, histogram } from './exposition.ts';
import { hostMetrics } from './host-metrics.ts';

test('labels are quoted', () => {
  equal(gauge('g', 'Help.', [{ labels: { a: 'x"y\\z\n' }, value: 1 }]), '# HELP g Help.\n# TYPE g gauge\ng{a="x\\"y\\\\z\\n"} 1\n');
});

test('a family without samples is told of nevertheless', () => equal(counter('c_total', 'Help.', []), '# HELP c_total Help.\n# TYPE c_total counter\n'));

test('a histogram adds up its buckets, and its last one is all else', () => {
  const lines = histogram('h_seconds', 'Help.', [{ labels: { p: 'a' }, counts: [1, 0, 2, 4] }]).split('\n').slice(2);
  deepEqual(lines, ['h_seconds_bucket{p="a",le="0.000001"} 1', 'h_seconds_bucket{p="a",le="0.000002"} 1', 'h_seconds_bucket{p="a",le="0.000004"} 3', 'h_seconds_bucket{p="a",le="+Inf"} 7', 'h_seconds_count{p="a"} 7', '']);
});

test('a partition has all of its figures', async () => {
  const actions = new MemoryActions();
  await actions.createPartition({ name: 'alpha', vram: { max: 2 ** 30 } });
  actions.openContext('alpha', [{ label: '', kind: 'buffer', bytes: 4096 }]);
  actions.setUsage('alpha', { gpuTimeUs: 2_500_000, submitCount: 9, completedCount: 8, faultCount: 1, tdrCount: 2, vramPeakBytes: 8192, hostBytes: 77, submitLatencyUs: [0, 3, 1] });
  actions.block('alpha', 'Timeouts.');
  const text = hostMetrics(actions);
  const of = '{partition="alpha",adapter="software-0"}';
  for (const line of [
    `gpup_partition_gpu_time_seconds_total${of} 2.5`,
    `gpup_partition_vram_bytes${of} 4096`,
    `gpup_partition_vram_peak_bytes${of} 8192`,
    `gpup_partition_vram_budget_bytes${of} 1073741824`,
    `gpup_partition_host_memory_bytes${of} 77`,
    `gpup_partition_submits_total${of} 9`,
    `gpup_partition_completed_submits_total${of} 8`,
    `gpup_partition_submit_latency_seconds_count${of} 4`,
    `gpup_partition_faults_total${of} 1`,
    `gpup_partition_tdrs_total${of} 2`,
    `gpup_partition_contexts${of} 1`,
    `gpup_partition_blocked${of} 1`,
  ]) {
    ok(text.split('\n').includes(line), line);
  }
});

test('each line is one that Prometheus reads, and each family is told of once', async () => {
  const actions = new MemoryActions();
  for (const name of ['alpha', 'beta']) await actions.createPartition({ name });
  const lines = hostMetrics(actions).split('\n');
  equal(lines.pop(), '');
  for (const line of lines) match(line, /^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+(\{([a-z_]+="[^"]*",?)+\})? [0-9.e+-]+)$/);
  const told = lines.filter((line) => line.startsWith('# TYPE ')).map((line) => line.split(' ')[2] as string);
  deepEqual(told, [...new Set(told)]);
  const families = new Set(told);
  for (const line of lines.filter((candidate) => !candidate.startsWith('#'))) {
    const name = (/^[a-z_]+/.exec(line) as RegExpExecArray)[0];
    ok(families.has(name) || families.has(name.replace(/_(bucket|count)$/, '')), name);
  }
});
