/** Groups of both versions in folders that only look like the kernel's, and then what this machine really has. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { CONTROLLERS, type Controller, type OwnGroup } from './own-groups.ts';
import type { GroupLimits } from './controller-files.ts';
import { GroupTree, type VfGroup } from './group-tree.ts';

const PID = 77;
const NONE: GroupLimits = { memoryBytesMax: null, processorsMax: null, taskCountMax: 100 };

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'gpup-cgroup-'));
  t.after(() => rmSync(path, { recursive: true }));
  return path;
}

function groupsAt(path: string, version: 1 | 2): ReadonlyMap<Controller, OwnGroup> {
  return new Map(CONTROLLERS.map((controller) => [controller, { version, path }]));
}

/** A group of version 2 as the kernel would show it. */
function unified(path: string, { procs = [PID], controllers = 'memory cpu pids', isRoot = false }: { readonly procs?: readonly number[]; readonly controllers?: string; readonly isRoot?: boolean } = {}): void {
  writeFileSync(join(path, 'cgroup.controllers'), controllers);
  writeFileSync(join(path, 'cgroup.subtree_control'), '');
  writeFileSync(join(path, 'cgroup.procs'), procs.join('\n'));
  if (!isRoot) writeFileSync(join(path, 'cgroup.type'), 'domain');
}

const read = (...path: readonly string[]): string => readFileSync(join(...path), 'utf8');

test('version 1: a group for each VF process inside of the host\'s', async (t) => {
  const own = folder(t);
  const tree = GroupTree.open({ name: 'gpup-x', groups: groupsAt(own, 1), pid: PID });
  ok(tree.states.every(({ isInForce }) => isInForce));
  mkdirSync(join(own, 'gpup-x', 'vf'));
  writeFileSync(join(own, 'gpup-x', 'vf', 'memory.memsw.limit_in_bytes'), '');
  const { group, placed } = tree.place(5, 'vf', { memoryBytesMax: 1000, processorsMax: 1.5, taskCountMax: 9 });
  await placed;
  const values = ['cgroup.procs', 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpu.cfs_period_us', 'cpu.cfs_quota_us', 'pids.max'].map((name) => read(own, 'gpup-x', 'vf', name));
  deepEqual(values, ['5', '1000', '1000', '100000', '150000', '9']);
  group.limit(NONE);
  deepEqual([read(own, 'gpup-x', 'vf', 'memory.limit_in_bytes'), read(own, 'gpup-x', 'vf', 'cpu.cfs_quota_us')], ['-1', '-1']);
});

test('version 2: the host makes room, and its group has groups with limits', async (t) => {
  const own = folder(t);
  unified(own);
  mkdirSync(join(own, 'gpup-x'));
  unified(join(own, 'gpup-x'), { procs: [] });
  const tree = GroupTree.open({ name: 'gpup-x', groups: groupsAt(own, 2), pid: PID });
  deepEqual(tree.states.filter(({ isInForce }) => !isInForce), []);
  equal(read(own, 'gpup-host', 'cgroup.procs'), String(PID));
  await tree.place(5, 'vf', { memoryBytesMax: 1000, processorsMax: null, taskCountMax: 9 }).placed;
  deepEqual(['cgroup.procs', 'memory.max', 'cpu.max', 'pids.max'].map((name) => read(own, 'gpup-x', 'vf', name)), ['5', '1000', 'max 100000', '9']);
  equal(existsSync(join(own, 'gpup-x', 'vf', 'memory.swap.max')), false);
});

test('version 2: a group that others are in, or that was given no controllers, is no place for limits', (t) => {
  const crowded = folder(t);
  unified(crowded, { procs: [PID, 78] });
  for (const state of GroupTree.open({ name: 'gpup-x', groups: groupsAt(crowded, 2), pid: PID }).states) match(state.detail, /has other processes; start the host in a group of its own/);
  const poor = folder(t);
  unified(poor, { controllers: 'pids' });
  const [memory, cpu] = GroupTree.open({ name: 'gpup-x', groups: groupsAt(poor, 2), pid: PID }).states;
  match(`${memory?.detail}; ${cpu?.detail}`, /memory is not given to .*; .*cpu is not given to/);
});

test('version 2: the group of a service itself is left alone, as systemd would put the next host there', (t) => {
  const parent = folder(t);
  const service = join(parent, 'gpup-host.service');
  mkdirSync(join(service, 'gpup-host'), { recursive: true });
  unified(service);
  for (const state of GroupTree.open({ name: 'gpup-x', groups: groupsAt(service, 2), pid: PID }).states) match(state.detail, /is a service's own; give it DelegateSubgroup=gpup-host/);
  // With that, the host is in a group inside already, and the service's has no process of its own.
  unified(service, { procs: [] });
  mkdirSync(join(service, 'gpup-x'));
  unified(join(service, 'gpup-x'), { procs: [] });
  ok(GroupTree.open({ name: 'gpup-x', groups: groupsAt(join(service, 'gpup-host'), 2), pid: PID }).states.every(({ isInForce }) => isInForce));
});

test('where no control groups are mounted, that is said', () => {
  const { states } = GroupTree.open({ name: 'gpup-x', groups: new Map() });
  deepEqual(states.map(({ measure, isInForce, detail }) => [measure, isInForce, detail]), [
    ['memory-limit', false, 'no control groups with memory are mounted'],
    ['processor-limit', false, 'no control groups with cpu are mounted'],
    ['process-limit', false, 'no control groups with pids are mounted'],
  ]);
});

/** This machine's groups, as far as it has any that we may use. */
function realTree(t: TestContext): GroupTree {
  const tree = GroupTree.open({ name: `gpup-test-${process.pid}` });
  t.after(() => tree.close());
  return tree;
}

const isInForce = (tree: GroupTree, measure: string): boolean => tree.states.find((state) => state.measure === measure)?.isInForce === true;

/** A program that begins when it is told to, so that it is in its group by then. */
async function inGroup(t: TestContext, tree: GroupTree, limits: GroupLimits, script: string): Promise<{ readonly group: ReturnType<GroupTree['place']>['group']; readonly ended: Promise<string> }> {
  const child = spawn(process.execPath, ['-e', `process.stdin.once('data', () => { ${script} })`], { stdio: ['pipe', 'ignore', 'ignore'] });
  const ended = once(child, 'exit').then(([code, signal]) => String(signal ?? code));
  const { group, placed } = tree.place(child.pid as number, 'vf', limits);
  await placed;
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    group.remove();
  });
  child.stdin?.write('\n');
  return { group, ended };
}

const EATER = 'const kept = []; for (let i = 0; i < 30; i++) kept.push(Buffer.alloc(10 << 20, 1)); process.exit(7);';
for (const [memoryBytesMax, outcome, hasRunOut] of [[null, '7', false], [150 << 20, 'SIGKILL', true]] as const) {
  test(`a process that takes 300 MiB ${memoryBytesMax === null ? 'lives without a limit' : 'is ended at a limit of 150 MiB, and the group knows why'}`, async (t) => {
    const tree = realTree(t);
    const { group, ended } = await inGroup(t, tree, { ...NONE, memoryBytesMax }, EATER);
    const how = await ended;
    deepEqual([how, group.hasRunOut], isInForce(tree, 'memory-limit') ? [outcome, hasRunOut] : ['7', false]);
  });
}

const BOMB = "const { spawnSync } = require('node:child_process'); process.exit(spawnSync('/bin/sh', ['-c', 'for i in 1 2 3 4 5 6 7 8 9; do sleep 2 & done']).status === 0 ? 7 : 8);";
for (const taskCountMax of [200, 16]) {
  test(`nine more processes ${taskCountMax === 16 ? 'are too many' : 'are made'} where ${taskCountMax} threads may be`, async (t) => {
    const tree = realTree(t);
    const { ended } = await inGroup(t, tree, { ...NONE, taskCountMax }, BOMB);
    equal(await ended, taskCountMax === 16 && isInForce(tree, 'process-limit') ? '8' : '7');
  });
}

for (const processorsMax of [null, 0.05]) {
  test(`a process that works all the time is ${processorsMax === null ? 'not ' : ''}held back by a limit of processors (${processorsMax})`, async (t) => {
    const tree = realTree(t);
    const { group, ended } = await inGroup(t, tree, { ...NONE, processorsMax }, 'const end = Date.now() + 500; while (Date.now() < end); process.exit(7);');
    equal(await ended, '7');
    equal(group.throttledCount > 0, processorsMax !== null && isInForce(tree, 'processor-limit'));
  });
}

/** In which group the kernel has a process, of those controllers that are in force. */
function groupNames(tree: GroupTree, pid: number): readonly string[] {
  const lines = readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().split('\n');
  const measures = { memory: 'memory-limit', cpu: 'processor-limit', pids: 'process-limit' } as const;
  return CONTROLLERS.filter((controller) => isInForce(tree, measures[controller])).map((controller) => {
    const [, , path] = (lines.find((line) => line.split(':')[1]?.split(',').includes(controller)) ?? lines.find((line) => line.startsWith('0::')) ?? '').split(':');
    return (path ?? '').split('/').slice(-2).join('/');
  });
}

test('the next host finds the group of a process, and puts one that is in none into one of its own', async (t) => {
  const first = realTree(t);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  const pid = child.pid as number;
  const next = GroupTree.open({ name: `gpup-test-next-${process.pid}` });
  const groups: VfGroup[] = [];
  t.after(async () => {
    child.kill('SIGKILL');
    await ended;
    for (const group of groups) group.remove();
    next.close();
  });
  const placement = first.place(pid, 'vf', { ...NONE, taskCountMax: 150 });
  groups.push(placement.group);
  await placement.placed;
  const adopted = next.adopt(pid, 'vf', NONE);
  await adopted.placed;
  const own = `gpup-test-${process.pid}/vf`;
  deepEqual([adopted.group.folders.map(({ path }) => path.endsWith(own)), groupNames(next, pid)], [groupNames(first, pid).map(() => true), groupNames(first, pid).map(() => own)]);
  // It has another name for this one.
  const moved = next.adopt(pid, 'other', { ...NONE, taskCountMax: 160 });
  groups.push(moved.group);
  await moved.placed;
  deepEqual(groupNames(next, pid), groupNames(first, pid).map(() => `gpup-test-next-${process.pid}/other`));
  const pids = moved.group.folders.find(({ controller }) => controller === 'pids');
  if (pids !== undefined) equal(read(pids.path, 'pids.max').trim(), '160');
});

test('a process that is gone is in no group, and cannot be put into one', async (t) => {
  const tree = realTree(t);
  const child = spawn('/bin/true', [], { stdio: 'ignore' });
  await once(child, 'exit');
  const { group, placed } = tree.adopt(child.pid as number, 'vf', NONE);
  const outcome = await placed.then(() => 'placed', () => 'not placed');
  group.remove();
  equal(outcome, tree.states.some((state) => state.isInForce) ? 'not placed' : 'placed');
});
