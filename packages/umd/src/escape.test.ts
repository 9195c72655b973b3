import { deepEqual, equal, match, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { Writer } from '@gpup/wire';
import * as encode from '@gpup/wire/encode';
import { ESCAPE_CODECS, ESCAPES } from '@gpup/wire/escapes';
import { EscapeError } from './escape-error.ts';
import { callEscape, hostOf } from './escape.ts';
import { openGpu } from './testing/open-device.ts';
import { ScriptedLink } from './testing/scripted-link.ts';

const REQUEST_WORD = 2;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function opened(welcome: ScriptedLink['welcome'] = { minor: 2, featureLevel: 29, escapes: ['latency-class'] }) {
  const link = new ScriptedLink();
  link.welcome = welcome;
  const handle = openGpu(link);
  return { gpu: handle.gpu, link };
}

test('an escape crosses as its number, its version and its words, and its answer comes back typed', async () => {
  const { gpu, link } = opened();
  const asked = callEscape(gpu, 'latency-class', { latencyClass: 'interactive' });
  await turn();
  const [packet] = link.sent('Context.escape');
  deepEqual([...(packet as Uint32Array).subarray(REQUEST_WORD + 1)], [ESCAPES['latency-class'].number, 1, 1, 1]);
  const answer = new Writer();
  ESCAPE_CODECS['latency-class'].encodeReply(answer, { previous: 'throughput' });
  link.say((w) => encode.encodeReplyEscape(w, (packet as Uint32Array)[REQUEST_WORD] as number, answer.words.subarray(0, answer.length)));
  deepEqual(await asked, { previous: 'throughput' });
});

test("the host's refusal is an error with its code", async () => {
  const { gpu, link } = opened();
  const asked = callEscape(gpu, 'statistics');
  await turn();
  const request = link.sent('Context.escape')[0]?.[REQUEST_WORD] as number;
  link.say((w) => encode.encodeReplyError(w, request, 'NotAllowedError', 'escape-closed', 'The escape statistics is closed.'));
  await rejects(asked, (error) => error instanceof EscapeError && error.code === 'escape-closed' && error.message.includes('is closed'));
});

for (const [minor, featureLevel] of [[1, 24], [0, 24]] as const) {
  test(`an older host (minor ${minor}) is sent no packet that it does not know`, async () => {
    const { gpu, link } = opened({ minor, featureLevel });
    await rejects(callEscape(gpu, 'statistics'), (error) => {
      equal((error as EscapeError).code, 'escape-level');
      match((error as Error).message, /statistics needs feature level 2\.9; the host offers 2\.4, as it is older/);
      return true;
    });
    equal(link.sent('Context.escape').length, 0);
  });
}

test('what would be a fault of the driver is a TypeError of the program', async () => {
  const { gpu, link } = opened();
  await rejects(callEscape(gpu, 'latency-class', { latencyClass: 'soon' as 'interactive' }), /latency-class \(\{"latencyClass":"soon"\}\) is not valid/);
  await rejects(callEscape(gpu, 'everything' as 'statistics'), /The escape \(everything\) is none of statistics, latency-class/);
  await rejects(callEscape({}, 'statistics'), /no GPU of this driver/);
  equal(link.packets.length, 0);
});

test('a context that ends answers with its loss, before and after the greeting', async () => {
  const silent = opened(null);
  const early = callEscape(silent.gpu, 'statistics');
  await turn();
  equal(silent.link.isWaiting, true);
  silent.link.onClose({ kind: 'peer-gone', message: 'The host is gone.' });
  await rejects(early, { code: 'context-lost', message: 'The host is gone.' });
  const { gpu, link } = opened();
  const late = callEscape(gpu, 'statistics');
  await turn();
  link.onClose({ kind: 'peer-gone', message: 'The host is gone.' });
  await rejects(late, { code: 'context-lost' });
});

test('the host can be asked what it is', async () => {
  deepEqual(await hostOf(opened().gpu), { protocol: '1.2', featureLevel: '2.9', escapes: ['latency-class'] });
  deepEqual(await hostOf(opened({ minor: 0, featureLevel: 24 }).gpu), { protocol: '1.0', featureLevel: '2.4', escapes: [] });
});
