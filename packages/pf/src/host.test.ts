import { deepEqual, equal, match } from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, mock, test } from 'node:test';
import { Host } from './host.ts';
import { PF_LIMITS } from './limits.ts';

const OPEN = '{"type":"open","protocol":{"major":1,"minor":0},"transport":"aperture","pid":1}\n';
const TOKEN_OF_NOBODY = '00'.repeat(32);

/** A host without any adapter: what is tested here ends before a VF would open one. */
async function startedHost(t: TestContext): Promise<{ host: Host; connectGuest: () => Guest }> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  const host = new Host({ adapter: { kind: 'software', environment: {}, dawnFlags: [] }, vf: { heapBytes: null, vramBytes: null, escapes: [], capturePath: null }, isolation: 'off', groups: null, poolSize: 0, directory });
  const socketPath = join(directory, 'host.sock');
  await host.listen(socketPath);
  const guests: Guest[] = [];
  t.after(async () => {
    for (const guest of guests) guest.socket.destroy();
    await host.close({ code: 'test', message: 'The test ends.' });
    rmSync(directory, { recursive: true, force: true });
  });
  const connectGuest = (): Guest => {
    const guest = new Guest(connect(socketPath));
    guests.push(guest);
    return guest;
  };
  return { host, connectGuest };
}

/** Writes what it likes, and collects the host's lines. */
class Guest {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #text = '';
  #onText: () => void = () => {};

  constructor(socket: Socket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      this.#text += String(chunk);
      this.#onText();
    });
    socket.on('close', () => this.#onText());
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  async line(): Promise<Record<string, unknown>> {
    while (!this.#text.includes('\n')) {
      if (this.socket.closed) return { type: 'closed' };
      await new Promise<void>((resolve) => {
        this.#onText = resolve;
      });
    }
    const end = this.#text.indexOf('\n');
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return JSON.parse(line) as Record<string, unknown>;
  }
}

test('gives each context an id and a token of its own', async (t) => {
  const { connectGuest } = await startedHost(t);
  const [first, second] = [connectGuest(), connectGuest()];
  first.write(OPEN);
  const a = await first.line();
  second.write(OPEN);
  const b = await second.line();
  deepEqual([a['type'], a['context'], b['type'], b['context']], ['opened', 1, 'opened', 2]);
  match(String(a['token']), /^[0-9a-f]{64}$/);
  equal(a['token'] === b['token'], false);
  deepEqual(a['protocol'], { major: 1, minor: 0 });
});

test('reads a line that comes byte by byte', async (t) => {
  const { connectGuest } = await startedHost(t);
  const guest = connectGuest();
  guest.socket.setNoDelay();
  for (const byte of OPEN) {
    guest.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  equal((await guest.line())['type'], 'opened');
});

for (const [what, bytes, code] of [
  ['garbage', 'hello\n', 'bad-line'],
  ['bytes that are no text', Uint8Array.of(0xff, 0xfe, 0x00, 0x0a), 'bad-line'],
  ['another major version', OPEN.replace('"major":1', '"major":2'), 'protocol-version'],
  ['two lines at once', OPEN + OPEN, 'bad-line'],
  ['a line that never ends', 'x'.repeat(PF_LIMITS.guestLineBytesMax), 'line-too-long'],
  ['a token of nobody', `{"type":"attach","token":"${TOKEN_OF_NOBODY}"}\n`, 'bad-token'],
  ['deeply nested JSON', `${'['.repeat(900)}\n`, 'bad-line'],
] as const) {
  test(`refuses ${what} with "${code}" and closes`, async (t) => {
    const { connectGuest } = await startedHost(t);
    const guest = connectGuest();
    guest.write(bytes);
    const line = await guest.line();
    deepEqual([line['type'], line['code']], ['error', code]);
    await guest.closed;
  });
}

test('ends a context whose guest writes on after "open"', async (t) => {
  const { connectGuest } = await startedHost(t);
  const guest = connectGuest();
  guest.write(OPEN);
  await guest.line();
  guest.write('x');
  const line = await guest.line();
  deepEqual([line['type'], line['code']], ['lost', 'bad-line']);
  await guest.closed;
});

test('refuses a context beyond the limit, names it, and has room again when one is gone', async (t) => {
  const { connectGuest } = await startedHost(t);
  const guests: Guest[] = [];
  for (let index = 0; index < PF_LIMITS.contextsMax; index++) {
    const guest = connectGuest();
    guests.push(guest);
    guest.write(OPEN);
    equal((await guest.line())['type'], 'opened');
  }
  const late = connectGuest();
  late.write(OPEN);
  const refusal = await late.line();
  equal(refusal['code'], 'too-many-contexts');
  match(String(refusal['message']), new RegExp(`has ${PF_LIMITS.contextsMax} contexts, as many as it allows \\(${PF_LIMITS.contextsMax}\\)`));
  guests[0]?.write('x');
  await guests[0]?.closed;
  const next = connectGuest();
  next.write(OPEN);
  equal((await next.line())['type'], 'opened');
});

test('refuses a connection when too many have said nothing yet', async (t) => {
  const { connectGuest } = await startedHost(t);
  for (let index = 0; index < PF_LIMITS.halfOpenConnectionsMax; index++) connectGuest();
  equal((await connectGuest().line())['code'], 'too-many-connections');
});

test('does not wait for ever for a first line, nor for a data connection', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] });
  t.after(() => mock.timers.reset());
  const { connectGuest } = await startedHost(t);
  const [silent, opened] = [connectGuest(), connectGuest()];
  opened.write(OPEN);
  equal((await opened.line())['type'], 'opened');
  mock.timers.tick(Math.max(PF_LIMITS.helloMsMax, PF_LIMITS.attachMsMax));
  equal((await silent.line())['code'], 'hello-timeout');
  equal((await opened.line())['code'], 'attach-timeout');
  await Promise.all([silent.closed, opened.closed]);
});

test('a token is good for one data connection', async (t) => {
  const { connectGuest } = await startedHost(t);
  const control = connectGuest();
  control.write(OPEN);
  const { token } = await control.line();
  const [data, thief] = [connectGuest(), connectGuest()];
  data.write(`{"type":"attach","token":"${String(token)}"}\n`);
  thief.write(`{"type":"attach","token":"${String(token)}"}\n`);
  const refused = await Promise.race([data.line(), thief.line()]);
  equal(refused['code'], 'bad-token');
});

test('tells every guest when it closes', async (t) => {
  const { host, connectGuest } = await startedHost(t);
  const guest = connectGuest();
  guest.write(OPEN);
  await guest.line();
  await host.close({ code: 'host-closing', message: 'It closes.' });
  deepEqual(await guest.line(), { type: 'lost', code: 'host-closing', message: 'It closes.' });
  await guest.closed;
});

test('a guest that closes its data connection before the VF speaks is gone, and no bug', async (t) => {
  const { connectGuest } = await startedHost(t);
  const control = connectGuest();
  control.write(OPEN);
  const { token } = await control.line();
  const data = connectGuest();
  data.socket.end(`${JSON.stringify({ type: 'attach', token })}\n`, () => data.socket.destroy());
  const { type, code } = await control.line();
  deepEqual([type, code], ['lost', 'guest-gone']);
});
