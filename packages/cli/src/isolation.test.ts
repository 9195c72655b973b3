/** Who maps what, who holds what, and what is left of contexts that are gone. */
import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { mappedFilesOf } from '@gpup/os';
import { APERTURE, DRIVERS, type Role, descriptorsOf, isRunning, pathsMappedBy } from './testing/processes.ts';
import { gpup, gpupRun } from './testing/program.ts';
import { Run, RuntimeDirectory, eventually } from './testing/scenario.ts';

const runtime = new RuntimeDirectory();
after(() => runtime.remove());

async function linkedRun(t: { after(clean: () => Promise<void>): void }): Promise<{ run: Run; pid: (role: Role) => number }> {
  const run = new Run(runtime, { mode: 'idle' });
  t.after(() => run.killAll());
  await run.linked();
  const pid = (role: Role): number => {
    const found = run.pidOf(role);
    ok(found !== undefined, `there is a ${role}`);
    return found;
  };
  return { run, pid };
}

/** Its standard error, and the control socket. */
const SOCKETS_OF_A_WAITING_VF = 2;

function socketsOf(pid: number): readonly string[] {
  return descriptorsOf(pid).filter((target) => target.startsWith('socket:'));
}

test('only the VF process maps Dawn and a driver, and only guest and VF map the aperture', async (t) => {
  const { pid } = await linkedRun(t);
  const mapped = (role: Role) => ({ drivers: DRIVERS.test(pathsMappedBy(pid(role))), aperture: APERTURE.test(pathsMappedBy(pid(role))) });
  deepEqual(
    { cli: mapped('cli'), host: mapped('host'), guest: mapped('guest'), vf: mapped('vf') },
    {
      cli: { drivers: false, aperture: false },
      host: { drivers: false, aperture: false },
      guest: { drivers: false, aperture: true },
      vf: { drivers: true, aperture: true },
    },
  );
});

test('the host process maps no memory that another process can write', async (t) => {
  const { pid } = await linkedRun(t);
  deepEqual(mappedFilesOf(pid('host')).filter(({ shared }) => shared), []);
});

test('the guest holds no descriptor of the aperture, and the host none of the data connection', async (t) => {
  const { pid } = await linkedRun(t);
  const holdsAperture = (role: Role): boolean => descriptorsOf(pid(role)).some((target) => APERTURE.test(target));
  deepEqual({ host: holdsAperture('host'), guest: holdsAperture('guest') }, { host: false, guest: false });
  // The VF has its end of the data connection and of the control socket; the host has no copy of either.
  const shared = new Set(descriptorsOf(pid('host')));
  const sockets = socketsOf(pid('vf'));
  deepEqual([sockets.length, sockets.filter((socket) => shared.has(socket))], [SOCKETS_OF_A_WAITING_VF + 1, []]);
});

test('a VF process that waits for a guest maps the driver, and has nothing of the guest that is there', async (t) => {
  const { run, pid } = await linkedRun(t);
  const waiting = await run.pooledVf();
  deepEqual([DRIVERS.test(pathsMappedBy(waiting)), APERTURE.test(pathsMappedBy(waiting))], [true, false]);
  const sockets = socketsOf(waiting);
  const others = new Set([...socketsOf(pid('vf')), ...socketsOf(pid('guest'))]);
  deepEqual([sockets.length, sockets.filter((socket) => others.has(socket))], [SOCKETS_OF_A_WAITING_VF, []]);
  equal(descriptorsOf(waiting).some((target) => APERTURE.test(target)), false);
});

test('a VF process that is killed while it waits is replaced, and no guest notices', async (t) => {
  const { run, pid } = await linkedRun(t);
  const killed = await run.pooledVf();
  process.kill(killed, 'SIGKILL');
  notEqual(await run.pooledVf(killed), killed);
  deepEqual([isRunning(killed), isRunning(pid('guest')), /"lost"/.test(run.output)], [false, true, false]);
});

test("a VF process has nothing of the guest's environment", async (t) => {
  const { pid } = await linkedRun(t);
  const names = readFileSync(`/proc/${pid('vf')}/environ`, 'utf8').split('\0').map((entry) => entry.split('=')[0]);
  for (const name of ['NODE_OPTIONS', 'PATH', 'HOME', 'GPUP_SOCKET']) equal(names.includes(name), false, name);
});

/** Of each thread of a process: what the kernel says of its rights. */
function rightsOf(pid: number): readonly string[] {
  const statuses = readdirSync(`/proc/${pid}/task`).map((thread) => readFileSync(`/proc/${pid}/task/${thread}/status`, 'latin1'));
  const of = (status: string, field: string): string => new RegExp(`^${field}:\\s*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return [...new Set(statuses.map((status) => ['CapPrm', 'CapEff', 'NoNewPrivs', 'Seccomp'].map((field) => of(status, field)).join(' ')))];
}

const CONFINED = '0000000000000000 0000000000000000 1 2';

test('every thread of a VF process has given its rights up, with a guest and before', async (t) => {
  const { run, pid } = await linkedRun(t);
  deepEqual(rightsOf(pid('vf')), [CONFINED]);
  const pooled = await run.pooledVf();
  await eventually(() => rightsOf(pooled).join() === CONFINED || undefined, () => rightsOf(pooled).join('; '));
  const limits = readFileSync(`/proc/${pid('vf')}/limits`, 'latin1');
  match(limits, /^Max core file size +[01] /m);
  match(limits, /^Max file size +67108864 /m);
  // With a guest it has sent what it has to, and may not keep others from it.
  const openFilesMax = (of: number): number => Number(/^Max open files +(\d+)/m.exec(readFileSync(`/proc/${of}/limits`, 'latin1'))?.[1]);
  deepEqual([openFilesMax(pid('vf')), openFilesMax(pooled)], [4096, Math.min(16384, openFilesMax(process.pid))]);
});

test('gpup run --require-isolation runs a program where all of it is there, and else names what is not', async () => {
  const { isolation } = JSON.parse((await gpup(['info', '--json']).ended).stdout) as { readonly isolation: readonly { readonly measure: string; readonly isInForce: boolean }[] };
  const lacking = isolation.filter(({ isInForce }) => !isInForce).map(({ measure }) => measure);
  const { status, stdout, stderr } = await gpupRun('console.log((await navigator.gpu.requestAdapter()) !== null)', { args: ['--require-isolation'] }).ended;
  deepEqual([status, stdout], lacking.length === 0 ? [0, 'true\n'] : [1, '']);
  for (const measure of lacking) ok(stderr.includes(measure), stderr);
});

test('gpup host start --require-isolation refuses what cannot be isolated, and says what is missing', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  t.after(() => rmSync(directory, { recursive: true }));
  const configPath = join(directory, 'host.json');
  writeFileSync(configPath, JSON.stringify({ adapter: 'software', runtimeDirectory: join(directory, 'runtime'), stateDirectory: join(directory, 'state') }));
  const { status, stderr } = await gpup(['host', 'start', '--require-isolation', '--config', configPath], { ...process.env, GPUP_VF_NODE_OPTIONS: '--no-warnings' }).ended;
  notEqual(status, 0);
  match(stderr, /VF processes cannot be isolated as is required; missing: .*system-calls \(GPUP_VF_NODE_OPTIONS is set\)/);
});

test('contexts that come and go leave no descriptor in the host process, nor a VF process', async () => {
  // Each is closed in another way: by its worker's end, and by the kill of the VF through a broken packet.
  const script = `
    import { execFileSync } from 'node:child_process';
    import { readFileSync, readdirSync } from 'node:fs';
    const hostPid = process.env.GPUP_SOCKET.split('-')[2];
    const count = () => readdirSync('/proc/' + hostPid + '/fd').length;
    const vfCount = () => readFileSync('/proc/' + hostPid + '/task/' + hostPid + '/children', 'utf8').trim().split(' ').length;
    const open = () => execFileSync(process.execPath, ['--input-type=module', '-e', 'await (await navigator.gpu.requestAdapter()).requestDevice()']);
    const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    // The one that waits for the next context is back in its place, and alone.
    const settled = async () => { do await pause(1500); while (vfCount() !== 1); await pause(500); return count(); };
    open();
    const first = await settled();
    for (let index = 0; index < 5; index++) open();
    console.log(JSON.stringify({ first, last: await settled() }));`;
  const { stdout } = await gpupRun(script).ended;
  const { first, last } = JSON.parse(stdout) as { first: number; last: number };
  equal(last, first);
});

test('a guest whose VF is killed hears why, and its next context works', async () => {
  const script = `
    import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter.requestDevice();
    const hostPid = process.env.GPUP_SOCKET.split('-')[2];
    const vfs = readFileSync('/proc/' + hostPid + '/task/' + hostPid + '/children', 'utf8').trim().split(' ');
    for (const vf of vfs) process.kill(Number(vf), 'SIGKILL');
    // device.lost alone keeps no process alive.
    const alive = setInterval(() => {}, 1000);
    const lost = await device.lost;
    clearInterval(alive);
    const next = await (await navigator.gpu.requestAdapter()).requestDevice();
    console.log(JSON.stringify({ reason: lost.reason, message: lost.message, next: next instanceof GPUDevice }));`;
  const { stdout, stderr } = await gpupRun(script).ended;
  const { reason, message, next } = JSON.parse(stdout) as { reason: string; message: string; next: boolean };
  deepEqual([reason, next], ['unknown', true]);
  match(message, /The VF process ended unexpectedly \(SIGKILL\)/);
  match(stderr, /^gpup host: VF process \d+: The VF process ended unexpectedly \(SIGKILL\)\.\n/);
});

test('when the host process is killed, the guest loses its GPU and the run says so', async (t) => {
  const { run, pid } = await linkedRun(t);
  process.kill(pid('host'), 'SIGKILL');
  await eventually(() => run.output.includes('"lost"') || undefined, () => run.output);
  equal(await run.exit, 3);
  match(run.output, /gpup: the host process is gone \(SIGKILL\); the program has lost its GPU\./);
  deepEqual(runtime.entries(), []);
});
