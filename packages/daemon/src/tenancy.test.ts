import { deepEqual, equal } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { closeDescriptor, createSocketPair, openProcess, receiveNow } from '@gpup/os';
import type { Adoption, VfPool } from '@gpup/pf/core';
import { createPageFile } from '@gpup/vidmm/node';
import { type Landlord, Tenancy } from './tenancy.ts';

const REASON = { code: 'test', message: 'The test ends.' };

/** What a VF is handed, as far as it is looked at here. */
interface Task {
  readonly assignment: { readonly escapes: readonly string[]; readonly view: { readonly features: readonly string[] | null } };
}

/** A pool whose one VF process keeps what it is assigned. */
function poolOfOne(tasks: Task[]): VfPool {
  const vf = { pid: 1, assign: (task: Task) => tasks.push(task) > 0, kill: () => {} };
  return { take: (assign: (taken: typeof vf) => boolean) => (assign(vf) ? vf : undefined) } as unknown as VfPool;
}

async function openTenancy(t: TestContext, pool: VfPool | null, decisions: Partial<Landlord>): Promise<Tenancy> {
  const tenancy = makeTenancy(t, pool, decisions);
  await tenancy.open();
  return tenancy;
}

function makeTenancy(t: TestContext, pool: VfPool | null, decisions: Partial<Landlord>): Tenancy {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-tenancy-'));
  let contextId = 0;
  const landlord: Landlord = {
    refusal: () => null,
    standingBudgets: () => ({ budgetBytes: 0, hostBudgetBytes: 0 }),
    memoryBytesMax: () => null,
    escapes: () => [],
    view: () => ({ partition: 'small', features: null, limits: {}, timestamps: 'coarse' }),
    nextContextId: () => ++contextId,
    onOpened: () => {},
    onAssigned: () => {},
    onReady: () => {},
    onTurn: () => {},
    onLatencyClass: () => {},
    onEnded: () => {},
    onPageLeaves: () => {},
    ...decisions,
  };
  const tenancy = new Tenancy({ name: 'small', adapter: 'software-0', socketPath: join(directory, 'small.sock'), pool, slotCount: 2, landlord });
  t.after(() => {
    tenancy.stopListening();
    rmSync(directory, { recursive: true });
  });
  return tenancy;
}

async function say(path: string, line: object): Promise<Socket> {
  const socket = connect(path);
  socket.write(`${JSON.stringify(line)}\n`);
  await once(socket, 'connect');
  return socket;
}

test('a context gets what its partition has when its VF is handed over, not when it was opened', async (t) => {
  const tasks: Task[] = [];
  let [escapes, features]: [readonly string[], readonly string[]] = [['statistics'], ['shader-f16']];
  const tenancy = await openTenancy(t, poolOfOne(tasks), { escapes: () => escapes, view: () => ({ partition: 'small', features, limits: {}, timestamps: 'coarse' }) });
  const control = await say(tenancy.socketPath, { type: 'open', protocol: { major: 1, minor: 0 }, transport: 'stream', pid: 7 });
  const { token } = JSON.parse(String((await once(control, 'data'))[0])) as { token: string };
  [escapes, features] = [[], []];
  const data = await say(tenancy.socketPath, { type: 'attach', token });
  await once(data.resume(), 'close');
  deepEqual(tasks.map(({ assignment }) => [assignment.escapes, assignment.view.features]), [[[], []]]);
  for (const context of tenancy.contexts) context.end(REASON);
  control.destroy();
});

/** A VF of the daemon before, with a page of four places, and the end of its control connection that the VF has. */
function leftVf(t: TestContext, slotIndex: number): { readonly adoption: Adoption; readonly vfEnd: number; readonly ended: Promise<unknown> } {
  const child = spawn('sleep', ['infinity']);
  t.after(() => child.kill('SIGKILL'));
  const [connectionFd, vfEnd] = createSocketPair();
  const [guestControlFd, guestEnd] = createSocketPair();
  t.after(() => [vfEnd, guestEnd].forEach(closeDescriptor));
  const page = createPageFile('gpup-test-page', { slotCount: 4, budgetBytes: 0, hostBudgetBytes: 0 });
  page.release();
  const pid = child.pid as number;
  const hello = {
    type: 'hello', protocol: { major: 1, minor: 0 }, vfId: '00000000000000ab', pid, startTicks: 1, isReady: true,
    context: { contextId: 1, partition: 'small', adapter: 'software-0', guestPid: 7, openedMs: 0 }, page: { slotIndex },
  } as const;
  const processFd = openProcess(pid) as number;
  return { adoption: { hello, connectionFd, processFd, guestControlFd, pageFd: page.fd, further: Buffer.alloc(0), directory: tmpdir() }, vfEnd, ended: once(child, 'exit') };
}

test('a VF that is taken over is told which escapes are open now', async (t) => {
  const tenancy = makeTenancy(t, null, { escapes: () => [] });
  const { adoption, vfEnd, ended } = leftVf(t, 1);
  tenancy.adopt(adoption);
  const bytes = Buffer.alloc(100);
  const byteCount = receiveNow(vfEnd, bytes);
  deepEqual(bytes.toString('utf8', 0, Number(byteCount)), '{"type":"escapes","names":[]}\n');
  await tenancy.close(REASON);
  await ended;
});

test("a VF that is taken over is of its partition's adapter, whatever it says", async (t) => {
  const tenancy = makeTenancy(t, null, {});
  const { adoption, ended } = leftVf(t, 1);
  const { hello } = adoption;
  tenancy.adopt({ ...adoption, hello: { ...hello, context: { ...hello.context, adapter: 'hardware-7' } } });
  equal(tenancy.contexts[0]?.description.adapter, 'software-0');
  await tenancy.close(REASON);
  await ended;
});

test('a VF has no place beyond those that there are, whatever its page says', async (t) => {
  const tenancy = makeTenancy(t, null, {});
  const { adoption, ended } = leftVf(t, 2);
  deepEqual((tenancy.adopt(adoption) as { code: string }).code, 'bad-slot');
  await ended;
});
