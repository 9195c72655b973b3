import { deepEqual, equal, match } from 'node:assert/strict';
import { Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { createSocketPair } from '@gpup/os';
import { type HostRequest, type SchedulingLine, type VfLine, decodeHostRequest, encodeVfLine } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { VfConnection } from './vf-connection.ts';

/** A host's end, and what a VF's end has read and can write. */
function connected(t: TestContext) {
  const [hostFd, vfFd] = createSocketPair();
  const socket = new Socket({ fd: hostFd, readable: true, writable: true });
  const vf = new Socket({ fd: vfFd, readable: true, writable: true });
  t.after(() => {
    socket.destroy();
    vf.destroy();
  });
  const requests: HostRequest[] = [];
  const heard: SchedulingLine[] = [];
  let badLine: (reason: Reason) => void = () => {};
  const refused = new Promise<Reason>((resolve) => {
    badLine = resolve;
  });
  const connection = new VfConnection({ socket, onLine: () => {}, onScheduling: (line) => heard.push(line), onBadLine: badLine });
  const say = (...lines: readonly VfLine[]): void => void vf.write(lines.map(encodeVfLine).join(''));
  const listen = (): void => {
    let text = '';
    vf.on('data', (chunk) => {
      const lines = (text + String(chunk)).split('\n');
      text = lines.pop() as string;
      for (const line of lines) requests.push(decodeHostRequest(line) as HostRequest);
    });
  };
  /** What came before is read. */
  const settled = async (): Promise<void> => {
    connection.ping();
    const asked = connection.pingedMs;
    const isPing = (request: HostRequest): request is Extract<HostRequest, { type: 'ping' }> => request.type === 'ping';
    while (!requests.some(isPing)) await new Promise((resolve) => setImmediate(resolve));
    const [ping] = requests.splice(requests.findIndex(isPing), 1) as [Extract<HostRequest, { type: 'ping' }>];
    say({ type: 'pong', serial: ping.serial });
    while (connection.answeredMs !== asked) await new Promise((resolve) => setImmediate(resolve));
  };
  return { connection, requests, heard, say, listen, settled, refused };
}

test('a turn is told to the VF, in whole microseconds, and what it says of it is heard', async (t) => {
  const { connection, requests, heard, say, listen, settled } = connected(t);
  listen();
  connection.grantTurn({ serial: 4, untilUs: 1000.75, yields: true });
  await settled();
  deepEqual(requests, [{ type: 'turn', serial: 4, untilUs: 1000, yields: true }]);
  const lines = [{ type: 'turn-wanted', serial: 4 }, { type: 'turn-idle', serial: 4 }, { type: 'turn-over', serial: 4 }] as const;
  say(...lines);
  await settled();
  deepEqual(heard, lines);
});

test('what a VF says of another turn than the last is passed over', async (t) => {
  const { connection, heard, say, listen, settled } = connected(t);
  listen();
  for (const serial of [1, 2]) connection.grantTurn({ serial, untilUs: 0, yields: false });
  await settled();
  for (const serial of [1, 3]) say({ type: 'turn-over', serial });
  await settled();
  deepEqual(heard, []);
  connection.freeTurn();
  say({ type: 'turn-over', serial: 2 });
  await settled();
  deepEqual(heard, []);
});

test('turns that are told at once all come, in their order', async (t) => {
  const { connection, requests, listen, settled } = connected(t);
  listen();
  for (const serial of [1, 2, 3]) connection.grantTurn({ serial, untilUs: 0, yields: false });
  await settled();
  deepEqual(requests.map((request) => request.type === 'turn' && request.serial), [1, 2, 3]);
});

test('a VF that does not read costs one turn, and hears the newest when it does', async (t) => {
  const { connection, requests, listen, settled } = connected(t);
  for (let serial = 1; serial <= 20_000; serial++) {
    connection.grantTurn({ serial, untilUs: 0, yields: false });
    if (serial % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  connection.freeTurn();
  listen();
  while (requests.at(-1)?.type !== 'turn-free') await settled();
  equal(requests.length < 19_000, true, `${requests.length} of 20,001 turns were written`);
  deepEqual(requests.at(-1), { type: 'turn-free' });
});

test('a VF may answer each turn with three lines, and ends itself with a fourth', async (t) => {
  const { connection, heard, say, listen, settled, refused } = connected(t);
  listen();
  connection.grantTurn({ serial: 1, untilUs: 0, yields: false });
  const over = { type: 'turn-over', serial: 1 } as const;
  say(over, over, over);
  await settled();
  equal(heard.length, 3);
  say(over);
  const reason = await refused;
  equal(reason.code, 'vf-line');
  match(reason.message, /more lines about turns/);
  equal(heard.length, 3);
});

test('a VF that floods its host with latency classes ends itself', async (t) => {
  const { heard, say, refused } = connected(t);
  for (let i = 0; i < 50; i++) say({ type: 'latency-class', value: 'interactive' }, { type: 'latency-class', value: 'throughput' });
  const reason = await refused;
  equal(reason.code, 'vf-line');
  match(reason.message, /latency classes/);
  equal(heard.length, 64);
});
