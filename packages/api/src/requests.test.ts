/** What is no right request, and what becomes of it: over a real Unix socket and over TCP. */
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { API_LIMITS } from './limits.ts';
import { createApiServer } from './server.ts';
import { MemoryAccess } from './testing/memory-access.ts';
import { MemoryActions } from './testing/memory-actions.ts';
import { type RawAnswer, type RawRequest, TEST_TOKEN, type TestApi, openTestApi } from './testing/test-api.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const post = (body: string, path = '/v1/partitions'): RawRequest => ({ method: 'POST', path, headers: JSON_TYPE, body });

/** Status, code and field of an answer that is an error. */
function errorOf({ status, json }: RawAnswer): readonly [number, string, string | undefined] {
  const { code, message, field } = (json as { error: { code: string; message: string; field?: string } }).error;
  match(message, /^\S.*[.]$/s);
  return [status, code, field];
}

let api: TestApi;
before(async () => {
  // Rates have tests of their own.
  api = await openTestApi({ limits: { requestBurstMax: 1e6 } });
  await api.actions.createPartition({ name: 'alpha' });
});
after(async () => {
  deepEqual(api.faults, []);
  await api.close();
});

describe('a request that is refused', () => {
  for (const [what, request, expected] of [
    ['no path', { path: '/' }, [404, 'path-not-found', undefined]],
    ['an unknown path', { path: '/v1/nothing' }, [404, 'path-not-found', undefined]],
    ['a path with a slash too many', { path: '/v1/host/' }, [404, 'path-not-found', undefined]],
    ['a partition without a name', { path: '/v1/partitions/' }, [400, 'invalid-value', 'name']],
    ['an unknown partition', { path: '/v1/partitions/beta' }, [404, 'unknown-partition', undefined]],
    ['a name that is none', { path: '/v1/partitions/..' }, [400, 'invalid-value', 'name']],
    ['a name one letter too long', { path: `/v1/partitions/${'a'.repeat(API_LIMITS.nameLengthMax + 1)}` }, [400, 'invalid-value', 'name']],
    ['the longest name', { path: `/v1/partitions/${'a'.repeat(API_LIMITS.nameLengthMax)}` }, [404, 'unknown-partition', undefined]],
    ['an unknown context', { method: 'DELETE', path: '/v1/contexts/9' }, [404, 'unknown-context', undefined]],
    ['a context that is no number', { method: 'DELETE', path: '/v1/contexts/nine' }, [400, 'invalid-value', 'id']],
    ['context 0', { method: 'DELETE', path: '/v1/contexts/0' }, [400, 'invalid-value', 'id']],
    ['a method that the path lacks', { method: 'PUT', path: '/v1/partitions/alpha' }, [405, 'method-not-allowed', undefined]],
    ['a method that only others have', { method: 'POST', path: '/v1/host' }, [405, 'method-not-allowed', undefined]],
    ['a question of another origin', { method: 'OPTIONS', path: '/v1/host' }, [405, 'method-not-allowed', undefined]],
    ['an unknown query', { path: '/v1/logs?colour=red' }, [400, 'unknown-field', 'colour']],
    ['a query on a route without one', { path: '/v1/host?lines=1' }, [400, 'unknown-field', 'lines']],
    ['a query that is given twice', { path: '/v1/logs?lines=1&lines=2' }, [400, 'invalid-value', 'lines']],
    ['zero lines', { path: '/v1/logs?lines=0' }, [400, 'invalid-value', 'lines']],
    ['too many lines', { path: `/v1/logs?lines=${API_LIMITS.logLinesMax + 1}` }, [400, 'invalid-value', 'lines']],
    ['a flag that is neither', { method: 'DELETE', path: '/v1/partitions/alpha?force=perhaps' }, [400, 'invalid-value', 'force']],
    ['an escape that is none', { path: '/v1/partitions/%zz' }, [400, 'bad-url', undefined]],
    ['a URL that is too long', { path: `/${'a'.repeat(API_LIMITS.urlBytesMax)}` }, [414, 'url-too-long', undefined]],
    ['no body', { method: 'POST', path: '/v1/partitions' }, [400, 'invalid-value', 'body']],
    ['an empty body', post(''), [400, 'invalid-json', 'body']],
    ['half a body', post('{"name": "be'), [400, 'invalid-json', 'body']],
    ['a list', post('[]'), [400, 'invalid-value', 'body']],
    ['null', post('null'), [400, 'invalid-value', 'body']],
    ['a prototype', post('{"name": "beta", "__proto__": {"a": 1}}'), [400, 'invalid-json', 'body']],
    ['no name', post('{}'), [400, 'missing-field', 'name']],
    ['a number as a name', post('{"name": 7}'), [400, 'invalid-value', 'name']],
    ['a field too many', post('{"name": "beta", "colour": "red"}'), [400, 'unknown-field', 'colour']],
    ['a field too many, deep within', post('{"name": "beta", "vram": {"maxBytes": 1}}'), [400, 'unknown-field', 'vram.maxBytes']],
    ['half a byte', post('{"name": "beta", "vram": {"max": 1.5}}'), [400, 'invalid-value', 'vram.max']],
    ['a limit that is no name', post('{"name": "beta", "baseline": {"limits": {"a b": 1}}}'), [400, 'invalid-value', 'baseline.limits']],
    ['no byte', post('{"name": "beta", "vram": {"max": 0}}'), [400, 'invalid-value', 'vram.max']],
    ['a byte too many', post(`{"name": "beta", "vram": {"max": ${2 ** 40 + 1}}}`), [400, 'invalid-value', 'vram.max']],
    ['more than all of the time', post('{"name": "beta", "compute": {"max": 1.01}}'), [400, 'invalid-value', 'compute.max']],
    ['none of the time', post('{"name": "beta", "compute": {"max": 0}}'), [400, 'invalid-value', 'compute.max']],
    ['more than can be counted', post('{"name": "beta", "vram": {"max": 1e999}}'), [400, 'invalid-value', 'vram.max']],
    ['an escape that is no name', post('{"name": "beta", "escapes": ["a", ""]}'), [400, 'invalid-value', 'escapes[1]']],
    ['encode blocks', post('{"name": "beta", "encode": {"max": 1}}'), [422, 'encode-unsupported', 'encode']],
    ['a name that is taken', post('{"name": "alpha"}'), [409, 'partition-exists', 'name']],
    ['an adapter that is not there', post('{"name": "beta", "adapter": "hardware-0"}'), [404, 'unknown-adapter', 'adapter']],
    ['another content type', { method: 'POST', path: '/v1/partitions', headers: { 'content-type': 'text/plain' }, body: '{}' }, [415, 'unsupported-media-type', 'Content-Type']],
    ['a form', { method: 'POST', path: '/v1/partitions', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'name=beta' }, [415, 'unsupported-media-type', 'Content-Type']],
    ['no content type', { method: 'POST', path: '/v1/partitions', body: '{"name": "beta"}' }, [415, 'unsupported-media-type', 'Content-Type']],
    ['a body one byte too long', post(' '.repeat(API_LIMITS.bodyBytesMax + 1)), [413, 'body-too-large', 'body']],
    ['a body of chunks that is too long', { ...post(' '.repeat(API_LIMITS.bodyBytesMax + 1)), headers: { ...JSON_TYPE, 'transfer-encoding': 'chunked' } }, [413, 'body-too-large', 'body']],
    ['the longest body', post(' '.repeat(API_LIMITS.bodyBytesMax)), [400, 'invalid-json', 'body']],
    ['a change of nothing that is known', { method: 'PATCH', path: '/v1/partitions/alpha', headers: JSON_TYPE, body: '{"name": "beta"}' }, [400, 'unknown-field', 'name']],
    ['a policy that is none', { method: 'PATCH', path: '/v1/adapters/software-0/scheduling', headers: JSON_TYPE, body: '{"policy": "fair"}' }, [400, 'invalid-value', 'policy']],
    ['turns of no length', { method: 'PATCH', path: '/v1/adapters/software-0/scheduling', headers: JSON_TYPE, body: '{"sliceMs": 0}' }, [400, 'invalid-value', 'sliceMs']],
    ['turns that are too long', { method: 'PATCH', path: '/v1/adapters/software-0/scheduling', headers: JSON_TYPE, body: '{"sliceMs": 101}' }, [400, 'invalid-value', 'sliceMs']],
    ['a mode that is none', { method: 'PATCH', path: '/v1/adapters/software-0', headers: JSON_TYPE, body: '{"mode": "forward"}' }, [400, 'invalid-value', 'mode']],
    ['events without a WebSocket', { path: '/v1/events' }, [426, 'upgrade-required', undefined]],
  ] as const) {
    test(what, async () => deepEqual(errorOf(await api.ask(request)), expected));
  }

  test('says which methods there are', async () => {
    equal((await api.ask({ method: 'PUT', path: '/v1/partitions' })).headers['allow'], 'GET, POST, HEAD');
  });

  test('never repeats a long value', async () => {
    const { text } = await api.ask(post(JSON.stringify({ name: 'x'.repeat(10_000) })));
    ok(text.length < 500);
  });

  test('headers that are too large', async () => {
    deepEqual(errorOf(await api.ask({ path: '/v1/host', headers: { cookie: 'x'.repeat(API_LIMITS.headerBytesMax) } })), [431, 'headers-too-large', undefined]);
  });

  test('what is no HTTP', async () => {
    match(await api.raw('SSH-2.0-OpenSSH_9.6\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
  });

  test('an upgrade to what is no WebSocket', async () => {
    match(await api.raw('GET /v1/host HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
  });

  test('a WebSocket without its key', async () => {
    match(await api.raw('GET /v1/events HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
  });

  for (const target of ['//', 'http://[', '*', '?']) {
    test(`an upgrade of what is no path (${target})`, async () => {
      match(await api.raw(`GET ${target} HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`), /^HTTP\/1\.1 400 .*"code":"bad-request"/s);
    });
  }

  test('events after what is no number', async () => {
    match(await api.raw('GET /v1/events?after=x HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n'), /^HTTP\/1\.1 400 .*"code":"invalid-value".*"field":"after"/s);
  });
});

describe('a connection that does not ask', () => {
  for (const begin of ['', 'GET /v1/host HT', 'POST /v1/partitions HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{']) {
    test(`after ${JSON.stringify(begin)} is closed`, async () => {
      const hasty = await openTestApi({ limits: { requestMsMax: 50 } });
      match(await hasty.raw(begin), /^HTTP\/1\.1 408 .*"code":"request-timeout"/s);
      await hasty.close();
    });
  }

  test('beyond the limit of connections is closed at once', async () => {
    const full = await openTestApi({ limits: { connectionsMax: 1 } });
    const held = connect(full.socketPath);
    await new Promise((resolve) => held.once('connect', resolve));
    // The server takes connections in their order.
    await rejects(full.ask({ path: '/v1/host' }), ({ code }: NodeJS.ErrnoException) => code === 'ECONNRESET' || code === 'EPIPE');
    held.destroy();
    await full.close();
  });
});

describe('connections over TCP without a token', () => {
  const strangersMax = 2;
  const held = async (port: number, localAddress = '127.0.0.1'): Promise<Socket> => {
    const socket = connect({ host: '127.0.0.1', port, localAddress });
    await once(socket, 'connect');
    return socket;
  };
  /** Empty: it was closed without one. */
  const answerOf = async (socket: Socket): Promise<string> => {
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk))).on('error', () => {});
    socket.write('GET /v1/host HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await Promise.race([once(socket, 'data'), once(socket, 'close')]);
    return text;
  };

  test('beyond the limit of a network are closed at once, until one has gone', { timeout: 10_000 }, async (t) => {
    const api = await openTestApi({ limits: { strangersMax } });
    t.after(() => api.close());
    const [first, second] = [await held(api.port), await held(api.port)];
    equal(await answerOf(await held(api.port)), '');
    match(await answerOf(await held(api.port, '127.0.0.2')), /^HTTP\/1\.1 401 /);
    for (const socket of [first, second]) match(await answerOf(socket), /^HTTP\/1\.1 401 /);
    first.destroy();
    // Until the server has seen that.
    while ((await answerOf(await held(api.port))) === '') await sleep(1);
    second.destroy();
  });

  test('are not counted any more once they have shown one', async (t) => {
    const api = await openTestApi({ limits: { strangersMax } });
    t.after(() => api.close());
    const friends: Socket[] = [];
    for (let i = 0; i < 4 * strangersMax; i++) {
      const friend = await held(api.port);
      friend.write(`GET /v1/host HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${TEST_TOKEN}\r\n\r\n`);
      match(String((await once(friend, 'data'))[0]), /^HTTP\/1\.1 200 /);
      friends.push(friend);
    }
    const stranger = await held(api.port);
    match(await answerOf(stranger), /^HTTP\/1\.1 401 /);
    for (const socket of [...friends, stranger]) socket.destroy();
  });

  test('on the Unix socket are not counted: who can open it is known', async (t) => {
    const api = await openTestApi({ limits: { strangersMax: 0 } });
    t.after(() => api.close());
    equal((await api.ask({ path: '/v1/host' })).status, 200);
    await rejects(api.askTcp({ path: '/v1/host' }));
  });
});

describe('a request that is right', () => {
  test('has no cache and no other type', async () => {
    const { status, headers } = await api.ask({ path: '/v1/host' });
    deepEqual([status, headers['cache-control'], headers['x-content-type-options'], headers['access-control-allow-origin']], [200, 'no-store', 'nosniff', undefined]);
  });

  test('HEAD is answered as GET, without the body', async () => {
    const { status, text } = await api.ask({ method: 'HEAD', path: '/v1/host' });
    deepEqual([status, text], [200, '']);
  });

  test('a charset is fine', async () => {
    const request = { ...post('{"name": "gamma"}'), headers: { 'content-type': 'application/json; charset=utf-8' } };
    equal((await api.ask(request)).status, 201);
  });

  for (const query of ['', '?force', '?force=', '?force=true', '?force=false']) {
    test(`removal with "${query}"`, async () => {
      await api.actions.createPartition({ name: 'brief' });
      const context = api.actions.openContext('brief');
      const { status, json } = await api.ask({ method: 'DELETE', path: `/v1/partitions/brief${query}` });
      if (query === '?force' || query === '?force=true') return equal(status, 204);
      equal(status, query === '?force=' ? 400 : 409, JSON.stringify(json));
      await api.actions.endContext(context);
      await api.actions.removePartition('brief', { force: false });
    });
  }

  test('unblocking takes no body, or an empty one', async () => {
    for (const request of [{ method: 'POST', path: '/v1/partitions/alpha/unblock' }, post('{}', '/v1/partitions/alpha/unblock')]) {
      equal((await api.ask(request)).status, 200);
    }
  });
});

describe('over TCP', () => {
  const authorized = { authorization: `Bearer ${TEST_TOKEN}` };

  test('the token is let in', async () => equal((await api.askTcp({ path: '/v1/host', headers: authorized })).status, 200));

  for (const [what, headers] of [
    ['no token', {}],
    ['a wrong token', { authorization: `Bearer ${TEST_TOKEN}x` }],
    ['a wrong token of the same length', { authorization: `Bearer ${'x'.repeat(TEST_TOKEN.length)}` }],
    ['a token one letter short', { authorization: `Bearer ${TEST_TOKEN.slice(0, -1)}` }],
    ['the token as a password', { authorization: `Basic ${Buffer.from(`:${TEST_TOKEN}`).toString('base64')}` }],
    ['an empty token', { authorization: 'Bearer ' }],
  ] as const) {
    for (const path of ['/v1/host', '/metrics', '/openapi.json', '/v1/nothing']) {
      test(`${what} is refused at ${path}`, async () => {
        const answer = await api.askTcp({ path, headers });
        deepEqual([errorOf(answer), answer.headers['www-authenticate']], [[401, 'unauthorized', undefined], 'Bearer realm="gpup"']);
      });
    }
  }

  test('a token in the URL is none', async () => {
    deepEqual(errorOf(await api.askTcp({ path: `/v1/host?token=${TEST_TOKEN}` })), [401, 'unauthorized', undefined]);
  });

  for (const host of ['localhost', 'LOCALHOST:80', '127.0.0.1', '[::1]:7070', '192.0.2.7:80']) {
    test(`the name ${host} is ours`, async () => equal((await api.askTcp({ path: '/v1/host', headers: { ...authorized, host } })).status, 200));
  }

  // A page whose name was made to point to this machine (DNS rebinding).
  for (const host of ['attacker.example', 'localhost.attacker.example', '127.0.0.1.attacker.example', 'localhost:80:80', '[localhost]:x', 'x@localhost']) {
    test(`the name ${host} is not`, async () => {
      deepEqual(errorOf(await api.askTcp({ path: '/v1/host', headers: { ...authorized, host } })), [421, 'host-not-allowed', 'Host']);
    });
  }

  test('a name that the operator has set is ours', async () => {
    const named = await openTestApi({ hostNames: ['GPU.example'] });
    equal((await named.askTcp({ path: '/v1/host', headers: { ...authorized, host: 'gpu.EXAMPLE:8080' } })).status, 200);
    await named.close();
  });
});

describe('rates', () => {
  test('beyond the burst a peer waits, and other peers do not', async () => {
    let nowMs = 0;
    const limited = await openTestApi({ limits: { requestBurstMax: 3, requestsPerSecond: 2 }, nowMs: () => nowMs });
    const ask = async () => (await limited.ask({ path: '/v1/host' })).status;
    deepEqual([await ask(), await ask(), await ask()], [200, 200, 200]);
    const refused = await limited.ask({ path: '/v1/host' });
    deepEqual([errorOf(refused), refused.headers['retry-after']], [[429, 'rate-limited', undefined], '1']);
    // Without a token, and counted nevertheless: nobody tries tokens faster.
    equal((await limited.askTcp({ path: '/v1/host' })).status, 401);
    nowMs = 499;
    equal(await ask(), 429);
    nowMs = 500;
    deepEqual([await ask(), await ask()], [200, 429]);
    await limited.close();
  });
});

describe('a bug of the host', () => {
  test('is a 500 that says nothing of it, and its owner is told', async () => {
    const faults: unknown[] = [];
    class Broken extends MemoryActions {
      override host(): never {
        throw new TypeError('a secret of the host');
      }
    }
    const broken = await openTestApi({ actions: new Broken(), onFault: (error) => faults.push(error) });
    const answer = await broken.ask({ path: '/v1/host' });
    deepEqual([errorOf(answer), answer.text.includes('secret'), String(faults)], [[500, 'internal', undefined], false, 'TypeError: a secret of the host']);
    await broken.close();
  });
});

describe('listening', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-listen-'));
  after(() => rmSync(directory, { recursive: true }));
  const host = () => {
    const actions = new MemoryActions();
    return { actions, access: new MemoryAccess(actions) };
  };
  const server = (token?: string) => createApiServer({ ...host(), onFault: () => {}, ...(token === undefined ? {} : { token }) });

  test('only the user can open the socket', () => equal(statSync(api.socketPath).mode & 0o777, 0o600));

  test('a socket that is listened on is not taken', async () => {
    await rejects(server().listenOnSocket(api.socketPath), /Somebody listens on \S+ already/);
    equal((await api.ask({ path: '/v1/host' })).status, 200);
  });

  test('a socket that a killed host has left is replaced', async () => {
    const path = join(directory, 'stale.sock');
    const listenAndDie = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
    equal(spawnSync(process.execPath, ['-e', listenAndDie]).signal, 'SIGKILL');
    const opened = server();
    await opened.listenOnSocket(path);
    equal(statSync(path).mode & 0o777, 0o600);
    await opened.close();
  });

  test('what is no socket is left alone', async () => {
    const path = join(directory, 'file');
    writeFileSync(path, 'precious');
    await rejects(server().listenOnSocket(path), /that is no socket/);
    equal(statSync(path).size, 8);
  });

  for (const [length, isRight] of [[107, true], [108, false]] as const) {
    test(`a path of ${length} bytes`, async () => {
      const path = `${directory}/`.padEnd(length, 'x');
      const opened = server();
      if (isRight) await opened.listenOnSocket(path);
      else await rejects(opened.listenOnSocket(path), /is 108 bytes long, the limit is 107/);
      await opened.close();
    });
  }

  test('TCP without a configured token lets in those whom the host knows, and nobody else', async () => {
    const { actions, access } = host();
    const { secret } = await actions.createToken({ role: 'operator' });
    const opened = createApiServer({ actions, access, onFault: () => {} });
    const { port } = await opened.listenOnTcp({ port: 0 });
    const statusWith = async (headers: Record<string, string>): Promise<number> => (await fetch(`http://127.0.0.1:${port}/v1/caller`, { headers })).status;
    deepEqual([await statusWith({}), await statusWith({ authorization: 'Bearer ' }), await statusWith({ authorization: `Bearer ${secret}` })], [401, 401, 200]);
    await opened.close();
  });

  for (const [token, message] of [['short', /has 5 characters, less than the limit \(32\)/], [`${'x'.repeat(32)} `, /cannot carry/]] as const) {
    test(`the token "${token}" is refused`, async () => rejects(async () => server(token), message));
  }
});
