/** A host at rest that is as it must be: two guests in one partition, none in another, one that has an adapter whole. */
import type { ContextView, PartitionView } from '@gpup/pf/actions';
import { sampleKey } from '../../seen/metrics.ts';
import type { Observation } from '../../seen/observation.ts';

const GIB = 2 ** 30;
const DAEMON_PID = 100;
const STARTED_MS = 1_000_000;

export function healthyPartition(name: string): PartitionView {
  return {
    name, tenant: null, adapter: 'software-0', size: null, state: { kind: 'active' },
    vram: { min: GIB, max: GIB, optimal: GIB, current: GIB },
    compute: { min: 0.25, max: 0.25, optimal: 0.25, current: 0.25 },
    contextsMax: 16, contextCount: 0, hostBytesMax: 4 * GIB, baseline: {}, escapes: [], timestamps: 'coarse', latencyClass: 'throughput',
    scheduling: { promisedShare: null, share: 0, heldUs: 0, owedUs: 0, turnCount: 0, latencyClass: 'throughput' },
    socketPath: `/soak/run/partitions/${name}.sock`, createdMs: 5,
    usage: { vramBytes: 0, vramPeakBytes: 4096, hostBytes: 0, gpuTimeUs: 10, submitCount: 30, completedCount: 30, faultCount: 1, tdrCount: 1, queueWaitUs: [1, 2], submitLatencyUs: [3, 4] },
  };
}

function context(id: number, partition: string, openedMs: number): ContextView {
  return { id, partition, openedMs, guestPid: 200 + id, vfPid: 300 + id, state: 'ready', vramBytes: 1024 * id, hostBytes: 50 * 2 ** 20, submitCount: 10 * id, completedCount: 10 * id, gpuTimeUs: 5 };
}

/** The second context was taken over from the daemon before. */
const CONTEXTS = [context(1, 'alpha', STARTED_MS + 1), context(2, 'alpha', STARTED_MS - 1), context(3, '', STARTED_MS + 2)];

const ALPHA: PartitionView = {
  ...healthyPartition('alpha'),
  contextCount: 2,
  usage: { ...healthyPartition('alpha').usage, vramBytes: 3072, hostBytes: 100 * 2 ** 20 },
};

export function healthy(): Observation {
  const partitions = [ALPHA, healthyPartition('beta')];
  const vf = { parent: DAEMON_PID, role: 'vf', isZombie: false, command: 'vf', apertureCount: 1 } as const;
  const guest = { parent: 1, role: 'guest', isZombie: false, command: 'guest', apertureCount: 1 } as const;
  const processes = [
    { pid: DAEMON_PID, parent: 1, role: 'daemon', isZombie: false, command: 'daemon', apertureCount: 0 } as const,
    ...CONTEXTS.map(({ vfPid }) => ({ ...vf, pid: vfPid })),
    ...CONTEXTS.map(({ guestPid }) => ({ ...guest, pid: guestPid })),
    // One that waits, for each adapter.
    { ...vf, pid: 398, apertureCount: 0 },
    { ...vf, pid: 399, apertureCount: 0 },
  ];
  const slot = ({ vfPid, vramBytes, hostBytes, submitCount, completedCount }: ContextView) => ({ vfPid, vramBytes, hostBytes, submitCount, completedCount });
  const page = (name: string) => ({ budgetBytes: GIB, hostBudgetBytes: 4 * GIB, slots: CONTEXTS.filter(({ partition }) => partition === name).map(slot) });
  const adapter = { kind: 'software', name: 'S', vendor: '', description: '', features: [], limits: {}, partitionCountMax: 128, scheduling: { policy: 'best-effort', sliceMs: 10 } } as const;
  return {
    host: { version: '1', protocol: '1', featureLevel: '1', pid: DAEMON_PID, startedMs: STARTED_MS, adoptedCount: 1, runtimeDirectory: '/soak/run', stateDirectory: '/soak/state', isolation: { mode: 'prefer', measures: [] } },
    adapters: [
      { ...adapter, id: 'software-0', mode: 'partitioned', owner: null, vram: { totalBytes: 4 * GIB, availableBytes: 2 * GIB }, compute: { total: 1, available: 0.5 }, partitionCount: 2 },
      { ...adapter, id: 'software-1', mode: 'dda', owner: 'guest process 203', vram: { totalBytes: 4 * GIB, availableBytes: 0 }, compute: { total: 1, available: 0 }, partitionCount: 0 },
    ],
    partitions,
    contexts: CONTEXTS,
    metrics: new Map(partitions.flatMap(({ name, usage }) => [
      [sampleKey('gpup_partition_vram_bytes', name), usage.vramBytes] as const,
      [sampleKey('gpup_partition_host_memory_bytes', name), usage.hostBytes] as const,
      [sampleKey('gpup_partition_submits_total', name), usage.submitCount] as const,
    ])),
    pages: new Map([['alpha', page('alpha')], ['beta', page('beta')], ['software-1', page('')]]),
    processes,
    memory: new Map(processes.map(({ pid }) => [pid, { pssBytes: 40 * 2 ** 20, anonymousBytes: 30 * 2 ** 20 }])),
    baseDescriptors: { socket: 1, api: 1, pipe: 7 },
    daemonDescriptors: { socket: 6, api: 1, pipe: 7, page: 3, guest: 6, process: 1 },
    files: [
      'host.json', 'run', 'run/adapters', 'run/adapters/software-1.page', 'run/adapters/software-1.sock', 'run/api.sock', 'run/daemon.lock', 'run/partitions',
      ...['alpha', 'beta'].flatMap((name) => [`run/partitions/${name}.page`, `run/partitions/${name}.sock`]),
      'run/vfs', ...['a', 'b', 'c', 'd', 'e'].map((id) => `run/vfs/${id}.log`), ...['a', 'b', 'c', 'd', 'e'].map((id) => `run/vfs/${id}.sock`),
      'state', 'state/host.log', 'state/partitions.json', 'state/usage.json',
    ],
    guests: CONTEXTS.map(({ id, guestPid, partition, vramBytes, submitCount }) => ({ id, pid: guestPid, place: partition || 'software-1', transport: 'aperture', account: { vramBytes, submitCount } }) as const),
    poolSize: 1,
  };
}
