/** The client against a real server on a real Unix socket. */
import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { defaultRuntimeDirectory as hostDefault } from '@gpup/pf/host-config';
import { TEST_TOKEN, type TestApi, openTestApi } from '../testing/test-api.ts';
import { type Host, openHost } from './host.ts';
import { HostApiError } from './host-api-error.ts';
import { defaultApiSocketPath } from './socket-path.ts';

let api: TestApi;
let host: Host;
before(async () => {
  api = await openTestApi();
  host = openHost({ socketPath: api.socketPath });
});
after(() => api.close());

test('each operation gives what the host gives', async () => {
  const { actions } = api;
  const created = await host.createPartition({ name: 'alpha', vram: { max: 2 ** 30 } });
  deepEqual(created, actions.partition('alpha'));
  deepEqual(await host.host(), actions.host());
  deepEqual(await host.adapters(), actions.adapters());
  deepEqual(await host.partitions(), actions.partitions());
  equal((await host.changePartition('alpha', { contextsMax: 2 })).contextsMax, 2);
  const context = actions.openContext('alpha', [{ label: '<weights>', kind: 'buffer', bytes: 64 }, { label: '', kind: 'texture', bytes: 128 }]);
  deepEqual(await host.contexts(), actions.contexts());
  deepEqual(await host.largestAllocations('alpha', { countMax: 1 }), [{ label: '', kind: 'texture', bytes: 128, context }]);
  actions.block('alpha', 'Timeouts.');
  equal((await host.unblockPartition('alpha')).state.kind, 'active');
  await rejects(host.removePartition('alpha', { force: false }), { code: 'partition-in-use', status: 409 });
  await host.endContext(context);
  await host.removePartition('alpha', { force: false });
  await host.createPartition({ name: 'alpha' });
  actions.openContext('alpha');
  await host.removePartition('alpha', { force: true });
  deepEqual([await host.partitions(), await host.contexts()], [[], []]);
  equal((await host.setAdapterMode('software-1', 'dda')).mode, 'dda');
  for (const line of ['one', 'two', 'three']) actions.log(line);
  deepEqual(await host.logLines({ countMax: 2 }), ['two', 'three']);
  equal((await host.metrics()).includes('gpup_host_info'), true);
});

describe('an operation that is not done', () => {
  test('says why, in the words of the host', async () => {
    await rejects(host.createPartition({ name: 'beta', vram: { max: 1.5 } }), (error) => {
      const { name, code, message, field, status } = error as HostApiError;
      deepEqual([error instanceof HostApiError, name, code, message, field, status], [true, 'HostApiError', 'invalid-value', 'vram.max (1.5) is no integer.', 'vram.max', 400]);
      return true;
    });
  });

  for (const name of ['..', '.', '', 'a/b', '?', '#', '%', 'ä', '\n']) {
    test(`a partition called ${JSON.stringify(name)} means no other one`, async () => {
      for (const asked of [host.partition(name), host.removePartition(name, { force: true }), host.unblockPartition(name)]) {
        await rejects(asked, ({ status }: HostApiError) => status === 400 || status === 404);
      }
    });
  }
});

describe('without a host', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-client-'));
  after(() => rmSync(directory, { recursive: true }));
  const absent = join(directory, 'api.sock');
  const none = openHost({ socketPath: absent });
  const expected = { name: 'HostApiError', code: 'no-host', status: 0, message: `No host listens at ${absent}; "gpup host start" starts one.` };

  test('an operation names the socket', () => rejects(none.host(), expected));
  test('so do events', () => rejects(none.events().next(), expected));

  test('something else behind the socket is no host', async () => {
    const path = join(directory, 'other.sock');
    const other = createServer((socket) => socket.end('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 2\r\n\r\nno'));
    await new Promise<void>((resolve) => other.listen(path, resolve));
    await rejects(openHost({ socketPath: path }).host(), { code: 'bad-answer', status: 502, message: `What is at ${path} answers with status 502 and is no gpup host.` });
    other.close();
  });

  test('a host that goes before it answers', async () => {
    const path = join(directory, 'brief.sock');
    const brief = createServer((socket) => socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{')));
    await new Promise<void>((resolve) => brief.listen(path, resolve));
    await rejects(openHost({ socketPath: path }).host(), { code: 'host-gone' });
    brief.close();
  });

  for (const [what, answer] of [['nothing', ''], ['half of an answer', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{']] as const) {
    test(`a host that says ${what} and no more is given up by whoever will not wait for ever`, async () => {
      const path = join(directory, `silent-${answer.length}.sock`);
      const silent = createServer((socket) => void socket.on('error', () => {}).once('data', () => socket.write(answer)));
      await new Promise<void>((resolve) => silent.listen(path, resolve));
      await rejects(openHost({ socketPath: path, answerMsMax: 50 }).host(), { code: 'no-answer', status: 0, message: `The host at ${path} has not answered within 50 ms.` });
      silent.close();
    });
  }
});

describe('over TCP', () => {
  test('with the token', async () => equal((await openHost({ url: `http://127.0.0.1:${api.port}`, token: TEST_TOKEN }).host()).version, '0.1.0'));
  test('without', () => rejects(openHost({ url: `http://127.0.0.1:${api.port}` }).host(), { code: 'unauthorized', status: 401 }));
  test('events without', () => rejects(openHost({ url: `http://127.0.0.1:${api.port}` }).events().next(), { code: 'unauthorized', status: 401 }));
  test('not on a port where nobody listens', () => rejects(openHost({ url: 'http://127.0.0.1:1' }).host(), { code: 'no-host' }));
});

for (const [what, options, message] of [
  ['a URL and a socket', { url: 'http://localhost', socketPath: '/run/gpup/api.sock' }, /not by both/],
  ['no URL', { url: 'localhost' }, /URL \(localhost\)/],
  ['a URL of another kind', { url: 'ftp://localhost' }, /no http: or https: URL/],
] as const) {
  test(`${what} is refused`, () => throws(() => openHost(options), message));
}

for (const environment of [{}, { XDG_RUNTIME_DIR: '' }, { XDG_RUNTIME_DIR: '/somewhere' }]) {
  for (const uid of [0, 7]) {
    test(`by default it is where the host's own default is, for user ${uid} with ${JSON.stringify(environment)}`, () => {
      const directory = hostDefault({ isRoot: uid === 0, environment, home: '/home/x', temporaryDirectory: tmpdir(), uid });
      equal(defaultApiSocketPath(environment, uid), join(directory, 'api.sock'));
    });
  }
}

describe('events', () => {
  test('come in order, and end when it is asked for', async () => {
    const end = new AbortController();
    const types: string[] = [];
    for await (const frame of host.events({ signal: end.signal })) {
      types.push(frame.type);
      if (frame.type === 'hello') await host.createPartition({ name: 'gamma' });
      if (frame.type === 'partition-created') await host.removePartition('gamma', { force: false });
      if (frame.type === 'partition-removed') end.abort();
    }
    deepEqual(types, ['hello', 'partition-created', 'partition-removed']);
  });

  test('go on after the last one that is known', async () => {
    await host.setAdapterMode('software-1', 'partitioned');
    const first = host.events({ after: 0 });
    await first.next();
    const known = (await first.next()).value as { sequence: number };
    await first.return(undefined);
    const second = host.events({ after: known.sequence });
    await second.next();
    equal(((await second.next()).value as { sequence: number }).sequence, known.sequence + 1);
    await second.return(undefined);
  });

  test('a program that is slower than its host loses none', async () => {
    const count = 10_000;
    const frames = host.events();
    await frames.next();
    for (let made = 0; made < count; made++) {
      api.actions.emit({ type: 'adapter-changed', adapter: 'software-0' });
      // What a real host does between two of them: others get their turn.
      if (made % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    let last = ((await frames.next()).value as { sequence: number }).sequence;
    for (let taken = 1; taken < count; taken++) {
      const { sequence } = (await frames.next()).value as { sequence: number };
      equal(sequence, ++last);
    }
    await frames.return(undefined);
  });

  test('end with an error when the host ends', async () => {
    const other = await openTestApi();
    const frames = openHost({ socketPath: other.socketPath }).events();
    await frames.next();
    const [ended] = await Promise.allSettled([frames.next(), other.close()]);
    equal((ended as PromiseRejectedResult).reason.message, 'The host ended the events (1001): The host ends.');
  });
});

test("a socket of another user's is called so", async () => {
  // Root may open anything: there is no such socket for it.
  if (process.getuid?.() === 0) return;
  chmodSync(api.socketPath, 0);
  await rejects(host.host(), { code: 'no-access' });
  chmodSync(api.socketPath, 0o600);
});
