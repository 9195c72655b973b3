import { rejects, throws } from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { type TestContext, after, test } from 'node:test';
import { SOCKET_VARIABLE, connect, connectSync } from './connect.ts';
import { type Answer, ScriptedHost } from './testing/scripted-host.ts';

const earlier = process.env[SOCKET_VARIABLE];
after(() => {
  if (earlier === undefined) delete process.env[SOCKET_VARIABLE];
  else process.env[SOCKET_VARIABLE] = earlier;
});

async function hostThat(t: TestContext, answers: readonly Answer[]): Promise<void> {
  const host = await ScriptedHost.start(answers);
  process.env[SOCKET_VARIABLE] = host.socketPath;
  t.after(() => host.stop());
}

const OPENED = { write: `{"type":"opened","protocol":{"major":1,"minor":0},"context":1,"token":"${'00'.repeat(32)}"}\n` };

for (const [what, answers, code, message] of [
  ['refuses the version', [{ write: '{"type":"error","code":"protocol-version","message":"Other major."}\n' }], 'protocol-version', 'Other major.'],
  ['closes at once', [{ close: true }], 'host-gone', 'The host process closed the connection.'],
  ['writes no JSON', [{ write: 'hello\n' }], 'bad-line', 'The host process answers "opened" with something else (hello).'],
  ['answers the wrong question', [{ write: '{"type":"ready"}\n' }], 'bad-line', 'The host process answers "opened" with something else ({"type":"ready"}).'],
  ['gives a token that is none', [{ write: '{"type":"opened","context":1,"token":7}\n' }], 'bad-line', /something else/],
  ['writes a line without end', [{ write: 'x'.repeat(10_000) }], 'bad-line', 'The host process wrote a line of more than 8192 bytes.'],
  ['loses the VF while it starts', [{ write: `${OPENED.write}{"type":"lost","code":"vf-died","message":"It died."}\n` }], 'vf-died', 'It died.'],
  ['goes away while the VF starts', [{ ...OPENED, close: true }], 'host-gone', 'The host process closed the connection.'],
] as const) {
  for (const [how, open] of [
    ['awaiting', () => connect()],
    ['blocking', async () => connectSync()],
  ] as const) {
    test(`${how}: a host that ${what} ends with "${code}", and no descriptor is left`, async (t) => {
      await hostThat(t, answers);
      const before = readdirSync('/proc/self/fd').length;
      await rejects(open, { name: 'HostError', code, message });
      // Both ends are this process's, and Node closes a descriptor some turns of its loop later. A leak hangs here.
      while (readdirSync('/proc/self/fd').length > before) await new Promise((resolve) => setTimeout(resolve, 5));
    });
  }
}

test('a socket that nobody listens at is named', () => {
  process.env[SOCKET_VARIABLE] = '/nonexistent/host.sock';
  throws(connectSync, { name: 'HostError', code: 'host-gone', message: 'No host process listens at GPUP_SOCKET (/nonexistent/host.sock): ENOENT.' });
});
