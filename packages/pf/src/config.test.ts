import { deepEqual, equal, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { decodePfConfig } from './config.ts';
import { PF_LIMITS } from './limits.ts';

test('without a word no escape is open, and nothing is captured', () => {
  const { escapes, capturePath } = decodePfConfig(undefined);
  deepEqual([escapes, capturePath], [[], null]);
});

test('escapes that exist and an absolute path are taken', () => {
  const { escapes, capturePath } = decodePfConfig(JSON.stringify({ escapes: ['latency-class'], capturePath: '/tmp/x.gpupcap' }));
  deepEqual([escapes, capturePath], [['latency-class'], '/tmp/x.gpupcap']);
});

for (const [config, message] of [
  [{ escapes: 'statistics' }, /The escapes \("statistics"\) are not a list of names/],
  [{ escapes: ['statistics', 'x'] }, /The escape \(x\) is none of statistics, latency-class/],
  [{ capturePath: 'x.gpupcap' }, /path \("x\.gpupcap"\) is not an absolute path/],
  [{ capturePath: 7 }, /path \(7\) is not an absolute path/],
  [{ capturePath: `/${'x'.repeat(PF_LIMITS.pathBytesMax)}` }, /has 4096 bytes, the limit is 4095/],
] as const) {
  test(`${JSON.stringify(config).slice(0, 60)} is refused`, () => {
    throws(() => decodePfConfig(JSON.stringify(config)), message);
  });
}

test('a path of the greatest length is taken', () => {
  const capturePath = `/${'x'.repeat(PF_LIMITS.pathBytesMax - 1)}`;
  equal(decodePfConfig(JSON.stringify({ capturePath })).capturePath, capturePath);
});
