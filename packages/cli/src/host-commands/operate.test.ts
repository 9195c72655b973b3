/** The commands against a real API server on a real Unix socket, with a host of figures behind it. */
import { deepEqual, equal, match, ok } from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type TestApi, TEST_TOKEN, openTestApi } from '@gpup/api/testing';
import { gpup } from '../testing/program.ts';

let api: TestApi;
before(async () => {
  api = await openTestApi();
});
after(() => api.close());

async function ask(line: string, environment: NodeJS.ProcessEnv = { GPUP_HOST: api.socketPath }): Promise<{ readonly status: number; readonly stdout: string; readonly stderr: string }> {
  const { status, stdout, stderr } = await gpup(line.split(' '), { ...process.env, ...environment }).ended;
  return { status: status as number, stdout, stderr };
}

describe('an operator', () => {
  test('sees adapters', async () => {
    const { status, stdout } = await ask('adapters');
    equal(status, 0);
    const [head, first] = stdout.split('\n');
    equal(head, 'ADAPTER     MODE         POLICY       MEMORY FREE       TIME FREE  PARTITIONS  NAME');
    equal(first, 'software-0  partitioned  best-effort  16 GiB of 16 GiB  100 %      0 of 64     SwiftShader Device');
    deepEqual(JSON.parse((await ask('adapters --json')).stdout), JSON.parse(JSON.stringify(api.actions.adapters())));
  });

  test('creates, shows, changes and removes a partition', async () => {
    const created = await ask('partition create alpha --vram 2GiB --compute 1/8');
    deepEqual(created, { status: 0, stdout: 'Partition alpha on software-0: 2 GiB of memory, 12.5 % of the time.\nGuests connect to /run/gpup/partitions/alpha.sock\n', stderr: '' });
    match((await ask('partition list')).stdout, /\nalpha {6}software-0 {2}active {2}0 B of 2 GiB {2}12\.5 % {2}50 % {2}0 of 16 {3}0\.000 s {3}0\n$/);
    api.actions.openContext('alpha', [{ label: 'weights \u001b[2J', kind: 'buffer', bytes: 3 << 20 }]);
    const shown = await ask('partition show alpha');
    match(shown.stdout, /\nMemory: +3 MiB in use, 3 MiB at most; has 2 GiB \(min 2 GiB, optimal 2 GiB, max 2 GiB\)\n/);
    match(shown.stdout, /\nLARGEST {2}KIND {4}CONTEXT {2}LABEL\n3 MiB {4}buffer {2}1 {8}weights �\[2J\n$/);
    const asJson = JSON.parse((await ask('partition show alpha --json')).stdout) as { name: string; allocations: { label: string }[] };
    deepEqual([asJson.name, asJson.allocations[0]?.label], ['alpha', 'weights \u001b[2J']);
    const changed = await ask('partition set alpha --vram 1GiB --json');
    equal((JSON.parse(changed.stdout) as { vram: { current: number } }).vram.current, 2 ** 30);
    deepEqual(await ask('partition set alpha --vram 1MiB'), { status: 4, stdout: '', stderr: 'gpup: vram-in-use: Partition (alpha) uses 3145728 bytes, more than it would have (1048576).\n' });
    deepEqual(await ask('partition rm alpha'), { status: 4, stdout: '', stderr: 'gpup: partition-in-use: Partition (alpha) has 1 contexts.\n' });
    deepEqual(await ask('partition rm alpha --force'), { status: 0, stdout: '', stderr: '' });
    deepEqual(api.actions.partitions(), []);
  });

  test('sees guests, and unblocks', async () => {
    for (const name of ['beta', 'gamma']) await api.actions.createPartition({ name });
    const context = api.actions.openContext('beta');
    api.actions.openContext('gamma');
    match((await ask('ps --partition beta')).stdout, new RegExp(`^CONTEXT .*\\n${context} +beta +ready +${1000 + context} +${2000 + context} .*\\n$`));
    equal((JSON.parse((await ask('ps --json')).stdout) as unknown[]).length, 2);
    equal((await ask('ps --partition none')).status, 4);
    api.actions.block('beta', 'The sixth timeout in 60 s.');
    match((await ask('partition show beta')).stdout, /\nState: +blocked since 2023-11-14 22:13:20Z: The sixth timeout in 60 s\.\n/);
    match((await ask('partition unblock beta')).stdout, /\nbeta .* active /);
  });

  test('sets how partitions share an adapter', async () => {
    match((await ask('adapter set software-0 --policy fixed-share --slice 30')).stdout, /\nsoftware-0 {2}partitioned {2}fixed-share, 30 ms {2}/);
    match((await ask('adapter set software-0 --slice 4')).stdout, /fixed-share, 4 ms/);
    await ask('partition create delta --size 1/4 --latency-class interactive');
    match((await ask('partition show delta')).stdout, /\nScheduling: +interactive; 25 % promised, 50 % held of late; 0\.000 s in 3 turns\n/);
    await ask('partition rm delta');
    match((await ask('adapter set software-0 --mode partitioned --policy best-effort')).stdout, /\nsoftware-0 {2}partitioned {2}best-effort {2}/);
  });

  test('gives an adapter away', async () => {
    match((await ask('adapter set software-1 --mode dda')).stdout, /\nsoftware-1 {2}dda /);
    deepEqual(await ask('adapter set software-9 --mode dda'), { status: 4, stdout: '', stderr: 'gpup: unknown-adapter: Adapter (software-9) is not there; there are: software-0, software-1.\n' });
  });

  test('reads the log, and follows it', async () => {
    for (const line of ['one', 'two', 'three\u0007']) api.actions.log(line);
    deepEqual(await ask('logs --lines 2'), { status: 0, stdout: 'two\nthree�\n', stderr: '' });
    const following = gpup(['logs', '--follow', '--lines', '1', '--host', api.socketPath]);
    await following.printed('three');
    api.actions.log('four');
    await following.printed('four');
    following.child.kill('SIGTERM');
    equal((await following.ended).stdout, 'three�\nfour\n');
  });

  test('follows events, in words and as JSON', async () => {
    const words = gpup(['events', '--after', '0', '--host', api.socketPath]);
    const lines = gpup(['events', '--json', '--host', api.socketPath]);
    await Promise.all([words.printed('adapter-changed'), lines.printed('hello')]);
    api.actions.emit({ type: 'tdr', partition: 'beta', context: 7, code: 'tdr', message: 'It hung.' });
    await Promise.all([words.printed('It hung'), lines.printed('It hung')]);
    for (const { child } of [words, lines]) child.kill('SIGTERM');
    match((await words.ended).stdout, /\n\d+ {2}2023-11-14 22:13:20Z {2}tdr {2}beta: context 7 \(tdr\): It hung\.\n$/);
    const [hello = '', event = ''] = (await lines.ended).stdout.split('\n');
    deepEqual([(JSON.parse(hello) as { type: string }).type, (JSON.parse(event) as { type: string }).type], ['hello', 'tdr']);
  });
});

describe('tenants', () => {
  test('a token is made, used, rotated and revoked', async () => {
    await api.actions.createPartition({ name: 'ours', tenant: 'acme' });
    const created = await ask('token create --tenant acme --name ci');
    equal(created.status, 0, created.stderr);
    const [secret = '', words = ''] = created.stdout.split('\n');
    const [, id = ''] = /^Token ([a-z2-7]{10}), which may do what is acme's\. Its secret is not shown again\.$/.exec(words) ?? [];
    const tenant = (token: string) => ({ GPUP_HOST: `http://127.0.0.1:${api.port}`, GPUP_HOST_TOKEN: token });
    match((await ask('partition list', tenant(secret))).stdout, /^PARTITION .*\nours .*\n$/);
    deepEqual(await ask('partition show beta', tenant(secret)), { status: 4, stdout: '', stderr: 'gpup: unknown-partition: There is no partition "beta".\n' });
    deepEqual(await ask('adapters', tenant(secret)), { status: 4, stdout: '', stderr: 'gpup: operator-only: The operation adapters needs the role "operator"; the token has the role "tenant".\n' });
    const rotated = JSON.parse((await ask(`token rotate ${id} --grace 15m --json`)).stdout) as { token: { olderSecrets: { leftMs: number }[] }; secret: string };
    deepEqual(rotated.token.olderSecrets, [{ leftMs: 900_000, usedMs: null }]);
    match((await ask('token list')).stdout, new RegExp(`\\n${id} +tenant +acme +ci +2023-11-14 22:13:20Z +- +15 min 0 s\\n$`));
    deepEqual(await ask(`token revoke ${id}`), { status: 0, stdout: '', stderr: '' });
    equal((await ask('partition list', tenant(rotated.secret))).status, 4);
  });

  test('a token that may do everything has to be asked for', async () => {
    for (const line of ['token create', 'token create --role tenant', 'token create --role operator --tenant acme']) equal((await ask(line)).status, 2, line);
    match((await ask('token create --role operator')).stdout, /^\S+\nToken \S+, which may do everything\./);
  });

  for (const [grace, isRight] of [['0', true], ['30d', true], ['31d', false], ['1', false], ['1w', false], ['-1s', false]] as const) {
    test(`a grace of ${grace} is ${isRight ? 'right' : 'refused'}`, async () => {
      const { status, stderr } = await ask(`token rotate zzzzzzzzzz --grace=${grace}`);
      deepEqual([status, stderr.includes('unknown-token')], [isRight ? 4 : 2, isRight]);
    });
  }

  test('what was used is shown, and exported', async () => {
    api.actions.setUsage('ours', { gpuTimeUs: 3_600_000_000 });
    match((await ask('usage --tenant acme')).stdout, /\nTENANT +GPU TIME +MEMORY HOURS\nacme +60 min 0 s +3\.35 GiB h\n\nPARTITION {2}TENANT .*\nours {7}acme +software-0 +60 min 0 s +3\.35 GiB h +2023-11-14 22:13:20Z +-\n$/);
    equal((await ask('usage --tenant acme --csv')).stdout, 'tenant,partition,adapter,created,removed,gpu_seconds,vram_byte_hours\nacme,ours,software-0,2023-11-14T22:13:20.000Z,,3600,3600000000\n');
    deepEqual(JSON.parse((await ask('usage --json')).stdout), JSON.parse(JSON.stringify(api.actions.usage())));
    equal((await ask('usage --json --csv')).status, 2);
  });

  test('who has changed what is shown', async () => {
    await ask('partition set ours --contexts 2');
    match((await ask('audit --entries 1')).stdout, /^ENTRY .*\n\d+ +2023-11-14 22:13:20Z +operator, socket +changePartition +ours +done +\{"contextsMax":2\}\n$/);
    equal((JSON.parse((await ask('audit --json --entries 2')).stdout) as unknown[]).length, 2);
    deepEqual(JSON.parse((await ask('audit --json --tenant acme')).stdout), api.actions.audit.filter(({ tenant }) => tenant === 'acme'));
  });
});

describe('where the host is', () => {
  test('nowhere', async () => {
    deepEqual(await ask('ps', { GPUP_HOST: '/nonexistent/api.sock' }), { status: 3, stdout: '', stderr: 'gpup: No host listens at /nonexistent/api.sock; "gpup host start" starts one.\n' });
  });

  test('by default in the runtime directory', async () => {
    const { status, stderr } = await ask('ps', { GPUP_HOST: '', XDG_RUNTIME_DIR: '/nonexistent' });
    equal(status, 3);
    ok(stderr.includes(process.getuid?.() === 0 ? '/run/gpup/api.sock' : '/nonexistent/gpup-host/api.sock'), stderr);
  });

  test('at a URL, with a token from the environment', async () => {
    const where = { GPUP_HOST: `http://127.0.0.1:${api.port}` };
    equal((await ask('ps', { ...where, GPUP_HOST_TOKEN: TEST_TOKEN })).status, 0);
    deepEqual(await ask('ps', where), { status: 4, stdout: '', stderr: 'gpup: unauthorized: No token is given; send "Authorization: Bearer TOKEN".\n' });
  });

  test('--host goes before the environment', async () => equal((await ask(`ps --host ${api.socketPath}`, { GPUP_HOST: '/nonexistent' })).status, 0));
});

test('a program opens the host by the name of the package', async () => {
  const { openHost, HostApiError } = await import('gpup');
  equal((await openHost({ socketPath: api.socketPath }).host()).version, '0.1.0');
  equal(new HostApiError('no-host', 'None.').status, 0);
});
