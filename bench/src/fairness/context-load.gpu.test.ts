import { doesNotReject, equal, rejects } from 'node:assert/strict';
import { test } from 'node:test';
import { loadProvider } from '../provider.ts';
import { ContextLoad } from './context-load.ts';

const provider = await loadProvider('gpup');
Object.assign(globalThis, provider.globals);
const gpu = provider.create([]);
const open = (isTimed: boolean): Promise<ContextLoad> => ContextLoad.open(gpu, { groupCount: 16, isTimed });

test('every submit is in the result', async () => {
  const load = await open(false);
  const lanes = [load.lane(), load.lane()];
  for (let i = 0; i < 5; i++) await Promise.all(lanes.map((lane) => lane.submit()));
  await doesNotReject(load.verify());
});

test('a submit that was not executed is noticed', async () => {
  const load = await open(false);
  const lane = load.lane();
  await lane.submit();
  const { submit } = GPUQueue.prototype;
  GPUQueue.prototype.submit = () => undefined;
  await lane.submit();
  GPUQueue.prototype.submit = submit;
  await rejects(load.verify(), { name: 'WrongResult' });
});

test('the GPU takes the time of a submit where it is asked to', async () => {
  const timed = await open(true);
  const ms = (await timed.lane().submit()) as number;
  equal(Number.isFinite(ms) && ms >= 0, true, `${ms} is no time`);
  await timed.verify();
  equal(await (await open(false)).lane().submit(), undefined);
});

test.after(() => setImmediate(() => process.exit()));
