/** Tenants of a real host: what each sees of guests that work, what is metered of them over kills, and what is written down. */
import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, renameSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Host, type MeteredPartition, openHost } from '@gpup/api/client';
import { DAEMON_MAIN_PATH } from '@gpup/daemon';
import { PF_LIMITS } from '@gpup/pf';
import { DaemonScene } from './testing/daemon-scene.ts';
import { eventually } from './testing/scenario.ts';

/** Asks until there is an answer. Figures are kept, and told, every few seconds. */
async function until<T>(ask: () => Promise<T | undefined>): Promise<T> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`There is no answer: ${String(ask)}`);
}

/** Beyond this a test has hung. */
const TRIES_MAX = 1000;

/** A host with the API as it is, on TCP as well. */
class TenantScene extends DaemonScene {
  readonly operator: Host;

  constructor(t: TestContext) {
    super({ defaultPartition: false });
    const tokenFile = join(this.directory, 'token');
    writeFileSync(tokenFile, 'x'.repeat(32), { mode: 0o600 });
    const config = JSON.parse(readFileSync(this.configPath, 'utf8')) as object;
    writeFileSync(this.configPath, JSON.stringify({ ...config, listen: { tcp: '127.0.0.1:0', tokenFile } }));
    this.operator = openHost({ socketPath: join(this.runtime, 'api.sock') });
    t.after(() => this.close());
  }

  get state(): string {
    return join(this.directory, 'state');
  }

  async begins(): Promise<void> {
    await this.start(DAEMON_MAIN_PATH);
  }

  async hostOf(secret: string): Promise<Host> {
    const lines = await this.operator.logLines({ countMax: 1000 });
    const { port } = JSON.parse(lines.find((line) => line.includes('listens on TCP')) ?? '{}') as { port?: number };
    return openHost({ url: `http://127.0.0.1:${port}`, token: secret });
  }

  /** Of the partition that lives, as it is metered. */
  async metered(partition: string): Promise<MeteredPartition | undefined> {
    const { partitions } = await this.operator.usage();
    return partitions.find((life) => life.partition === partition && life.removedMs === null);
  }

  /** Resolves when all that the partition's guests have used so far is metered, which stands still meanwhile. */
  async settled(partition: string): Promise<MeteredPartition> {
    const { usage: { gpuTimeUs } } = await this.operator.partition(partition);
    return await until(async () => {
      const metered = await this.metered(partition);
      return metered?.gpuSeconds === gpuTimeUs / 1e6 ? metered : undefined;
    });
  }
}

test('tenants beside each other, over a host that is killed', async (t) => {
  const scene = new TenantScene(t);
  await scene.begins();
  const { operator } = scene;
  const secrets: Record<string, string> = {};
  for (const tenant of ['acme', 'rival']) {
    await operator.createPartition({ name: `${tenant}-p`, tenant, size: '1/4' });
    secrets[tenant] = (await operator.createToken({ role: 'tenant', tenant })).secret;
  }
  let acme = await scene.hostOf(secrets['acme'] as string);
  const events = acme.events();
  deepEqual((await events.next()).value, { type: 'hello', startedMs: (await operator.host()).startedMs, newestSequence: 0 });
  const rivals = await scene.guest(scene.socketOf('rival-p'));
  const ours = await scene.guest(scene.socketOf('acme-p'));

  await t.test('each sees its own guests, by numbers that tell nothing of others', async () => {
    const [context, ...others] = await acme.contexts();
    deepEqual([others, context?.partition, context?.guestPid, context?.vfPid], [[], 'acme-p', ours.pid, 0]);
    ok((context?.id ?? 0) > 2 ** 30);
    const { value } = (await events.next()) as { value: { type: string; sequence: number; context: number } };
    deepEqual([value.type, value.sequence, value.context], ['context-opened', 1, context?.id]);
    const rivalContext = (await operator.contexts()).find(({ partition }) => partition === 'rival-p');
    await rejects(acme.endContext(rivalContext?.id ?? 0), { code: 'unknown-context', message: `There is no context ${rivalContext?.id}.`, status: 404 });
    await rejects(acme.endContext(7), { code: 'unknown-context', message: 'There is no context 7.', status: 404 });
    await rejects(acme.largestAllocations('rival-p', { countMax: 5 }), { code: 'unknown-partition', status: 404 });
    await rejects(acme.changePartition('acme-p', { contextsMax: 3 }), { code: 'operator-only', status: 403 });
    await rivals.goesOn();
  });

  await t.test('a killed host loses nothing of what is metered while VFs live on, and takes nothing back', async () => {
    const before = await until(async () => {
      const life = await scene.metered('acme-p');
      return life !== undefined && life.gpuSeconds > 0 && life.vramByteHours > 0 ? life : undefined;
    });
    const [contextBefore] = await acme.contexts();
    await scene.life?.kill();
    await ours.goesOn(20);
    await scene.begins();
    acme = await scene.hostOf(secrets['acme'] as string);
    const after = await scene.metered('acme-p');
    ok(after !== undefined && after.gpuSeconds >= before.gpuSeconds && after.vramByteHours >= before.vramByteHours);
    deepEqual((await acme.contexts()).map(({ id }) => id), [contextBefore?.id]);
    // It stands still, so that the page and the account can be compared.
    deepEqual((await ours.end())[0], 0);
    await scene.settled('acme-p');
  });

  await t.test('a host that is killed together with its VFs loses no more than it has not saved', async () => {
    const saved = (): number => {
      const { lives } = JSON.parse(readFileSync(join(scene.state, 'usage.json'), 'utf8')) as { lives: { partition: string; account: { gpuTimeUs: number } }[] };
      return lives.find(({ partition }) => partition === 'rival-p')?.account.gpuTimeUs ?? 0;
    };
    await eventually(() => saved() > 0 || undefined, () => 'nothing is saved');
    await scene.life?.kill();
    const savedUs = saved();
    for (const pid of scene.vfPids()) process.kill(pid, 'SIGKILL');
    await rivals.ended();
    await scene.begins();
    equal((await scene.metered('rival-p'))?.gpuSeconds, savedUs / 1e6);
    equal((await operator.partition('rival-p')).usage.gpuTimeUs, 0);
    // From there on it goes on.
    const next = await scene.guest(scene.socketOf('rival-p'));
    deepEqual((await next.end())[0], 0);
    const { usage: { gpuTimeUs } } = await operator.partition('rival-p');
    await until(async () => (await scene.metered('rival-p'))?.gpuSeconds === (savedUs + gpuTimeUs) / 1e6 || undefined);
  });

  await t.test('a name that comes again is another life, and each tenant keeps its sum', async () => {
    acme = await scene.hostOf(secrets['acme'] as string);
    const before = await scene.metered('acme-p');
    await operator.removePartition('acme-p', { force: true });
    await operator.createPartition({ name: 'acme-p', tenant: 'rival', size: '1/4' });
    deepEqual(await acme.partitions(), []);
    await rejects(acme.partition('acme-p'), { code: 'unknown-partition', message: 'There is no partition "acme-p".' });
    const { tenants, partitions } = await until(async () => {
      const report = await acme.usage();
      return report.partitions.every(({ removedMs }) => removedMs !== null) ? report : undefined;
    });
    deepEqual([tenants.map(({ tenant, gpuSeconds }) => [tenant, gpuSeconds]), partitions.length, partitions[0]?.createdMs], [[['acme', before?.gpuSeconds]], 1, before?.createdMs]);
    const text = await acme.metrics();
    deepEqual([...text.matchAll(/^gpup_\w+\{.*\} (\S+)$/gm)].map(([line]) => line).filter((line) => line.includes('rival')), []);
  });

  await t.test('every change is written down, over all of this', async () => {
    const entries = await operator.auditEntries({ countMax: 1000 });
    deepEqual(entries.map(({ id }) => id), entries.map((_, index) => index + 1));
    const told = entries.map(({ by, tenant, operation, target, outcome }) => [by, tenant, operation, target, outcome].join(' '));
    deepEqual(told.slice(0, 4), ['operator  createPartition  done', 'operator  createToken  done', 'operator  createPartition  done', 'operator  createToken  done']);
    ok(told.includes('tenant acme changePartition acme-p operator-only'));
    deepEqual(told.slice(-2), ['operator  removePartition acme-p done', 'operator  createPartition  done']);
    ok(entries.filter(({ token }) => token === null).every(({ peer }) => peer === `socket, uid ${process.getuid?.()}, pid ${process.pid}`));
  });

  await t.test('an audit log that cannot be written refuses changes, and disturbs no guest', async () => {
    const path = join(scene.state, 'audit.jsonl');
    const guest = await scene.guest(scene.socketOf('acme-p'));
    renameSync(path, `${path}.aside`);
    mkdirSync(path);
    await rejects(operator.changePartition('acme-p', { contextsMax: 3 }), { code: 'audit-unavailable', status: 503 });
    await rejects(operator.removePartition('acme-p', { force: true }), { code: 'audit-unavailable', status: 503 });
    equal((await operator.partition('acme-p')).contextsMax, 16);
    await guest.goesOn();
    rmdirSync(path);
    equal((await operator.changePartition('acme-p', { contextsMax: 3 })).contextsMax, 3);
    await guest.end();
  });

  await t.test('no secret lies in any file of the host', () => {
    for (const name of readdirSync(scene.state).filter((entry) => statSync(join(scene.state, entry)).isFile())) {
      const text = readFileSync(join(scene.state, name), 'utf8');
      for (const secret of Object.values(secrets)) ok(!text.includes(secret.slice(-20)), name);
      equal(statSync(join(scene.state, name)).mode & 0o077, 0, name);
    }
  });
});

test('no partition is made for one tenant more than the usage can hold, and others go on', async (t) => {
  const scene = new TenantScene(t);
  const earlier = Array.from({ length: PF_LIMITS.usageTenantsMax }, (_, index) => ({ tenant: `t${index}`, gpuTimeUs: 1, vramUnits: 1 }));
  mkdirSync(scene.state, { recursive: true });
  writeFileSync(join(scene.state, 'usage.json'), JSON.stringify({ version: 1, sinceMs: 0, savedMs: 0, lives: [], earlier }), { mode: 0o600 });
  await scene.begins();
  await rejects(scene.operator.createPartition({ name: 'late', tenant: 'another' }), { code: 'tenants-exhausted', message: /65536/ });
  equal((await scene.operator.createPartition({ name: 'known', tenant: 't7' })).tenant, 't7');
  deepEqual((await scene.operator.partitions()).map(({ name }) => name), ['known']);
});
