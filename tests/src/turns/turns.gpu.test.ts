/** Real VFs take turns on the software GPU, as a host tells them, and their guests notice nothing but the time. */
import { equal, notEqual } from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { monotonicUs } from '@gpup/os';
import { type Context, PartitionHost, type Reason, type TurnLine, VfPool, softwareAdapters } from '@gpup/pf/core';

const GUEST = fileURLToPath(new URL('./turns-guest.js', import.meta.url));
const LONG_US = 3_600_000_000;

/** A stream of things that are awaited one by one. */
class Mailbox<T> {
  readonly #items: T[] = [];
  #arrived: () => void = () => {};

  put(item: T): void {
    this.#items.push(item);
    this.#arrived();
  }

  get isEmpty(): boolean {
    return this.#items.length === 0;
  }

  async take(): Promise<T> {
    while (this.#items.length === 0) await new Promise<void>((resolve) => { this.#arrived = resolve; });
    return this.#items.shift() as T;
  }
}

/** A guest and its context. */
class Pair {
  readonly #child: ChildProcess;
  readonly said = new Mailbox<TurnLine>();
  readonly printed = new Mailbox<string>();
  readonly ended = new Mailbox<Reason>();
  context!: Context;
  #serial = 0;
  #expected = 0;

  constructor(child: ChildProcess) {
    this.#child = child;
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) => this.printed.put(line));
  }

  grant(ms: number | null): number {
    this.#serial += 1;
    this.context.vf?.grantTurn({ serial: this.#serial, untilUs: ms === null ? 0 : monotonicUs() + ms * 1000, yields: false });
    return this.#serial;
  }

  /** What the VF says of the last turn: all else is passed over. */
  async until(type: TurnLine['type']): Promise<void> {
    for (;;) {
      const line = await this.said.take();
      if (line.type === type && line.serial === this.#serial) return;
    }
  }

  ask(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  submit(count: number): void {
    for (let i = 0; i < count; i++) this.#expected = (Math.imul(this.#expected, 3) + 1) >>> 0;
    this.ask(`submit ${count}`);
  }

  async counted(count: number): Promise<void> {
    equal(await this.printed.take(), `counted ${count} ${this.#expected}`);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Partitions of one guest each. */
async function pairs(t: TestContext, { count = 1, transport = 'aperture' }: { readonly count?: number; readonly transport?: 'aperture' | 'stream' } = {}): Promise<Pair[]> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-turns-'));
  const { environment } = await softwareAdapters();
  const config = { hostPid: process.pid, dawnFlags: [], adapter: 'software', isolation: 'prefer' } as const;
  const launch = { config, environment: { XDG_RUNTIME_DIR: directory, ...environment }, survival: null, groups: null };
  const pool = new VfPool({ launch, size: 0 });
  const hosts: PartitionHost[] = [];
  t.after(async () => {
    await Promise.all(hosts.map((host) => host.close({ code: 'test', message: 'The test ends.' })));
    rmSync(directory, { recursive: true, force: true });
  });
  const all: Pair[] = [];
  for (let i = 0; i < count; i++) all.push(await pair());
  return all;

  async function pair(): Promise<Pair> {
    const ready = new Mailbox<Context>();
    const socketPath = join(directory, `${hosts.length}.sock`);
    const host = new PartitionHost({
      name: '',
      adapter: '',
      pool,
      owner: {
        admit: () => ({ assignment: () => ({ heapBytes: null, vramBytes: null, escapes: ['latency-class'], capturePath: null }), place: () => null, memoryBytesMax: () => null, release: () => {} }),
        readmit: () => ({ code: 'no-adoption', message: 'Nobody is taken over.' }),
        nextContextId: () => hosts.length,
        onOpened: () => {},
        onReady: (context) => ready.put(context),
        onTurn: (_context, line) => made.said.put(line),
        onEnded: (_context, reason) => made.ended.put(reason),
      },
    });
    hosts.push(host);
    await host.listen(socketPath);
    const child = spawn(process.execPath, [GUEST], { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: socketPath, GPUP_TRANSPORT: transport } });
    t.after(() => child.kill('SIGKILL'));
    const made = new Pair(child);
    made.context = await ready.take();
    equal(await made.printed.take(), 'ready');
    return made;
  }
}

for (const transport of ['aperture', 'stream'] as const) {
  test(`over ${transport}: a guest waits for its turn, and counts right in it`, async (t) => {
    const [pair] = (await pairs(t, { transport })) as [Pair];
    pair.submit(5);
    await pair.counted(5);
    pair.grant(null);
    await pair.until('turn-over');
    pair.submit(100);
    await pair.until('turn-wanted');
    equal(pair.printed.isEmpty, true, 'nothing has been counted');
    pair.grant(LONG_US / 1000);
    await pair.counted(100);
    pair.grant(null);
    await pair.until('turn-over');
    pair.submit(3);
    await pair.until('turn-wanted');
    pair.context.vf?.freeTurn();
    await pair.counted(3);
  });
}

test('two guests that take short turns both get on, and neither is in the other’s way', async (t) => {
  const [first, second] = (await pairs(t, { count: 2 })) as [Pair, Pair];
  for (const pair of [first, second]) pair.grant(null);
  for (const pair of [first, second]) await pair.until('turn-over');
  for (const pair of [first, second]) pair.submit(300);
  let turnCount = 0;
  while (first.printed.isEmpty || second.printed.isEmpty) {
    const pair = turnCount++ % 2 === 0 ? first : second;
    pair.grant(20);
    await pair.until('turn-over');
  }
  await first.counted(300);
  await second.counted(300);
});

test('a guest that ends while its submit waits takes its context along', async (t) => {
  const [pair] = (await pairs(t)) as [Pair];
  pair.grant(null);
  pair.submit(1);
  await pair.until('turn-wanted');
  pair.kill();
  notEqual((await pair.ended.take()).code, 'vf-died');
});

test('the latency class that a guest names is heard of', async (t) => {
  const [pair] = (await pairs(t)) as [Pair];
  equal(pair.context.latencyClass, 'throughput');
  pair.ask('interactive');
  equal(await pair.printed.take(), 'classed');
  // Lines come in their order.
  pair.grant(null);
  await pair.until('turn-over');
  equal(pair.context.latencyClass, 'interactive');
});
