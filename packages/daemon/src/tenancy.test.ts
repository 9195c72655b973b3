import { deepEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { VfPool } from '@gpup/pf/core';
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

async function openTenancy(t: TestContext, pool: VfPool, decisions: Partial<Landlord>): Promise<Tenancy> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-tenancy-'));
  let contextId = 0;
  const landlord: Landlord = {
    refusal: () => null,
    standingBudgets: () => ({ budgetBytes: 0, hostBudgetBytes: 0 }),
    escapes: () => [],
    view: () => ({ partition: 'small', features: null, limits: {} }),
    nextContextId: () => ++contextId,
    onOpened: () => {},
    onEnded: () => {},
    ...decisions,
  };
  const tenancy = new Tenancy({ name: 'small', adapter: 'software-0', socketPath: join(directory, 'small.sock'), pool, slotCount: 2, landlord });
  await tenancy.open();
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
  const tenancy = await openTenancy(t, poolOfOne(tasks), { escapes: () => escapes, view: () => ({ partition: 'small', features, limits: {} }) });
  const control = await say(tenancy.socketPath, { type: 'open', protocol: { major: 1, minor: 0 }, transport: 'stream', pid: 7 });
  const { token } = JSON.parse(String((await once(control, 'data'))[0])) as { token: string };
  [escapes, features] = [[], []];
  const data = await say(tenancy.socketPath, { type: 'attach', token });
  await once(data.resume(), 'close');
  deepEqual(tasks.map(({ assignment }) => [assignment.escapes, assignment.view.features]), [[[], []]]);
  for (const context of tenancy.contexts) context.end(REASON);
  control.destroy();
});
