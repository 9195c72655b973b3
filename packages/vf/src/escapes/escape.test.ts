import { deepEqual, equal, match, throws } from 'node:assert/strict';
import { test } from 'node:test';
import { ContextSlot, pageBytes, PartitionPage } from '@gpup/vidmm';
import { Reader, Writer } from '@gpup/wire';
import { ESCAPE_CODECS, ESCAPES, type StatisticsReply } from '@gpup/wire/escapes';
import { BUFFER_USAGE } from '../backend.ts';
import { nullBackend } from '../null/null-backend.ts';
import { greeted } from '../testing/greeted.ts';
import { type Reply, ScriptedGuest } from '../testing/scripted-guest.ts';
import { ESCAPE_NAMES, escapeNamed } from './escape-registry.ts';

const { statistics, 'latency-class': latencyClass } = ESCAPES;
const [INTERACTIVE, THROUGHPUT] = [1, 2];

function wordsOf(reply: Reply): Uint32Array {
  if (reply.kind !== 'escape') throw new Error(`The escape was answered with ${JSON.stringify(reply)}.`);
  return reply.words;
}

function readStatistics(reply: Reply): StatisticsReply {
  const words = wordsOf(reply);
  const reader = new Reader();
  reader.open(words, 0, words.length);
  const value = ESCAPE_CODECS.statistics.decodeReply(reader);
  reader.close();
  return value;
}

async function open(options: Partial<ConstructorParameters<typeof ScriptedGuest>[0]> = {}) {
  return greeted(nullBackend(), { escapes: ['statistics', 'latency-class'], ...options });
}

test('statistics are those of the context', async () => {
  const { guest, device } = await open({ limits: { vramBytes: 4096 } });
  const buffer = guest.buffer(device, { size: 1024, usage: BUFFER_USAGE.COPY_DST });
  guest.buffer(device, { size: 512, usage: BUFFER_USAGE.COPY_DST });
  guest.release(buffer);
  guest.submit(device);
  await guest.done(device);
  const { journalBytes, ...figures } = readStatistics(await guest.escape(statistics.number, 1));
  deepEqual(figures, {
    vramUsedBytes: 512, vramPeakBytes: 1536, vramBudgetBytes: 4096, objectCount: 4, deviceCount: 1, submitCount: 1, completedCount: 1, mappedBytes: 0,
    // The escape itself is one that waits.
    pendingRequestCount: 1,
    latencyClass: 'throughput',
    partitionVramUsedBytes: 512, partitionVramPeakBytes: 1536, partitionVramBudgetBytes: 4096, partitionContextCount: 1, partitionSubmitCount: 1, partitionCompletedCount: 1,
  });
  equal(journalBytes, guest.processor.statistics().journalBytes);
});

test('statistics tell of the whole partition, and of a budget only where there is one', async () => {
  const buffer = new SharedArrayBuffer(pageBytes(2));
  const page = PartitionPage.create(buffer, { slotCount: 2, budgetBytes: undefined, hostBudgetBytes: undefined });
  const [slot, neighbour] = [1, 2].map((vfPid) => new ContextSlot({ buffer, slotIndex: page.allocateSlot(vfPid) as number })) as [ContextSlot, ContextSlot];
  neighbour.video.reserve(2 ** 40);
  neighbour.submitted(2 ** 33);
  const { guest, device } = await open({ slot });
  guest.buffer(device, { size: 1024, usage: BUFFER_USAGE.COPY_DST });
  const figures = readStatistics(await guest.escape(statistics.number, 1));
  equal(figures.vramUsedBytes, 1024);
  equal(figures.vramBudgetBytes, undefined);
  equal(figures.partitionVramUsedBytes, 2 ** 40 + 1024);
  equal(figures.partitionVramBudgetBytes, undefined);
  equal(figures.partitionSubmitCount, 2 ** 33);
  equal(figures.partitionContextCount, 2);
});

test('the latency class is kept for the scheduler, and shows in the statistics', async () => {
  const { guest } = await open();
  deepEqual([...wordsOf(await guest.escape(latencyClass.number, 1, INTERACTIVE))], [THROUGHPUT]);
  equal(guest.processor.latencyClass, 'interactive');
  equal(readStatistics(await guest.escape(statistics.number, 1)).latencyClass, 'interactive');
  deepEqual([...wordsOf(await guest.escape(latencyClass.number, 1, THROUGHPUT))], [INTERACTIVE]);
});

interface Refusal {
  readonly title: string;
  readonly ask: (guest: ScriptedGuest) => Promise<Reply>;
  readonly name: string;
  readonly reason: string;
  readonly message: RegExp;
  readonly escapes?: readonly string[];
}

const REFUSALS: readonly Refusal[] = [
  { title: 'one that does not exist', ask: (g) => g.escape(99, 1), name: 'NotSupportedError', reason: 'escape-unknown', message: /escape 99; it knows statistics, latency-class/ },
  { title: 'one that is closed', ask: (g) => g.escape(statistics.number, 1), name: 'NotAllowedError', reason: 'escape-closed', message: /statistics is closed; its partition has opened latency-class/, escapes: ['latency-class'] },
  { title: 'any where none is open', ask: (g) => g.escape(statistics.number, 1), name: 'NotAllowedError', reason: 'escape-closed', message: /has opened none/, escapes: [] },
  { title: 'version 0', ask: (g) => g.escape(statistics.number, 0), name: 'NotSupportedError', reason: 'escape-version', message: /version 0, the host knows versions 1 to 1/ },
  { title: 'a version that is yet to come', ask: (g) => g.escape(statistics.number, statistics.version + 1), name: 'NotSupportedError', reason: 'escape-version', message: /version 2/ },
  { title: 'one word too many', ask: (g) => g.escape(statistics.number, 1, ...Array<number>(statistics.requestWordsMax + 1).fill(0)), name: 'OperationError', reason: 'escape-size', message: /statistics came with 17 words, the limit is 16/ },
];

for (const { title, ask, name, reason, message, escapes } of REFUSALS) {
  test(`an escape is refused without harm: ${title}`, async () => {
    const { guest } = await open(escapes === undefined ? {} : { escapes });
    const reply = await ask(guest);
    equal(reply.kind, 'error');
    if (reply.kind !== 'error') return;
    deepEqual([reply.name, reply.reason], [name, reason]);
    match(reply.message, message);
    equal(guest.end, null);
    equal(guest.processor.statistics().pendingRequestCount, 0);
  });
}

test('a context below the level of escapes has none, whatever its partition opens', async () => {
  const guest = new ScriptedGuest({ backend: nullBackend(), escapes: ['statistics'] });
  guest.hello(24);
  const reply = await guest.escape(statistics.number, 1);
  equal(reply.kind === 'error' && reply.reason, 'escape-level');
  match(reply.kind === 'error' ? reply.message : '', /needs feature level 2\.9, the context has 2\.4/);
});

test('escapes count as requests', () => {
  const limited = new ScriptedGuest({ backend: nullBackend(), escapes: ['statistics'], limits: { pendingRequestCountMax: 0 } });
  limited.hello();
  void limited.escape(statistics.number, 1);
  equal(limited.contextLost?.code, 'pending-requests');
});

test('an escape that is answered leaves nothing on the account', async () => {
  const { guest } = await open({});
  const { hostBytes } = guest.processor.statistics();
  for (let i = 0; i < 10; i++) await guest.escape(statistics.number, 1);
  equal(guest.processor.statistics().hostBytes, hostBytes);
});

test('a partition opens and closes escapes while its guests run', async () => {
  const { guest } = await open({ escapes: [] });
  equal((await guest.escape(statistics.number, 1)).kind, 'error');
  guest.processor.openEscapes(['statistics']);
  equal((await guest.escape(statistics.number, 1)).kind, 'escape');
  guest.processor.openEscapes(['latency-class']);
  equal((await guest.escape(statistics.number, 1)).kind, 'error');
});

test('the welcome names what is open', async () => {
  const { guest } = await open({ escapes: ['statistics'] });
  deepEqual((guest.welcome as { escapes: string[] }).escapes, ['statistics']);
});

test('a name that is no escape is refused where it is opened', () => {
  throws(() => new ScriptedGuest({ backend: nullBackend(), escapes: ['everything'] }), /The escape \(everything\) is none of statistics, latency-class\./);
  equal(escapeNamed('statistics'), 'statistics');
});

test('no answer is longer than its limit, whatever the figures', () => {
  const largest: StatisticsReply = {
    ...({ vramUsedBytes: 0, vramPeakBytes: 0, vramBudgetBytes: 0, objectCount: 0, deviceCount: 0, submitCount: 0, completedCount: 0, journalBytes: 0, mappedBytes: 0 }),
    ...({ pendingRequestCount: 0, latencyClass: 'interactive', partitionVramUsedBytes: 0, partitionVramPeakBytes: 0, partitionVramBudgetBytes: 0 } as const),
    ...({ partitionContextCount: 0, partitionSubmitCount: 2 ** 53 - 1, partitionCompletedCount: 2 ** 53 - 1 }),
  };
  const writer = new Writer();
  ESCAPE_CODECS.statistics.encodeReply(writer, largest);
  equal(writer.length <= statistics.replyWordsMax, true);
  equal(ESCAPE_NAMES.length, Object.keys(ESCAPES).length);
});
