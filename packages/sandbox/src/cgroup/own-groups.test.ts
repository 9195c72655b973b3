import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import { ownGroups } from './own-groups.ts';

const mount = (root: string, place: string, type: string, options: string): string => `30 25 0:26 ${root} ${place} rw,relatime shared:9 - ${type} cgroup rw,${options}`;

const UNIFIED = mount('/', '/sys/fs/cgroup', 'cgroup2', 'nsdelegate');
const LEGACY = [mount('/', '/sys/fs/cgroup/memory', 'cgroup', 'memory'), mount('/', '/sys/fs/cgroup/cpu,cpuacct', 'cgroup', 'cpu,cpuacct'), mount('/', '/sys/fs/cgroup/pids', 'cgroup', 'pids')];

for (const [what, cgroup, mounts, expected] of [
  ['version 2 alone', '0::/system.slice/gpup-host.service\n', [UNIFIED], { memory: [2, '/sys/fs/cgroup/system.slice/gpup-host.service'], cpu: [2, '/sys/fs/cgroup/system.slice/gpup-host.service'], pids: [2, '/sys/fs/cgroup/system.slice/gpup-host.service'] }],
  ['version 2 in a namespace of its own', '0::/\n', [UNIFIED], { memory: [2, '/sys/fs/cgroup'], cpu: [2, '/sys/fs/cgroup'], pids: [2, '/sys/fs/cgroup'] }],
  ['version 1', '4:memory:/a/b\n3:cpu,cpuacct:/\n2:pids:/c\n1:name=systemd:/x\n', LEGACY, { memory: [1, '/sys/fs/cgroup/memory/a/b'], cpu: [1, '/sys/fs/cgroup/cpu,cpuacct'], pids: [1, '/sys/fs/cgroup/pids/c'] }],
  ['both, memory in version 1', '4:memory:/a\n0::/b\n', [...LEGACY, mount('/', '/sys/fs/cgroup/unified', 'cgroup2', 'x')], { memory: [1, '/sys/fs/cgroup/memory/a'], cpu: [2, '/sys/fs/cgroup/unified/b'], pids: [2, '/sys/fs/cgroup/unified/b'] }],
  ['a container that sees its own part', '4:memory:/docker/1/job\n', [mount('/docker/1', '/sys/fs/cgroup/memory', 'cgroup', 'memory')], { memory: [1, '/sys/fs/cgroup/memory/job'] }],
  ['a container whose mount shows another part', '4:memory:/elsewhere\n', [mount('/docker/1', '/sys/fs/cgroup/memory', 'cgroup', 'memory')], {}],
  ['a name that only begins alike', '4:memory:/docker/12\n', [mount('/docker/1', '/sys/fs/cgroup/memory', 'cgroup', 'memory')], {}],
  ['a namespace that it has left', '0::/../outside\n', [UNIFIED], {}],
  ['nothing mounted', '0::/\n', [], {}],
] as const) {
  test(`finds its own groups: ${what}`, () => {
    const found = ownGroups(cgroup, mounts.join('\n'));
    deepEqual(Object.fromEntries([...found].map(([name, { version, path }]) => [name, [version, path]])), expected);
  });
}
