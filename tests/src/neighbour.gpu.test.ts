/**
 * A guest does a long computation, bit by bit, while another one on the same host misbehaves in every
 * way it can. The well-behaved one's result must be bit-exact the one it gets alone; its latencies are
 * reported, not judged: machines are shared.
 */
import { equal, ok } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type EphemeralHost, startHost } from '@gpup/guest';

const here = dirname(fileURLToPath(import.meta.url));
const STEPS = 400;

interface Outcome {
  readonly hash: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

let host: EphemeralHost;
before(async () => {
  host = await startHost();
});
after(() => host.end());

function start(program: string, ...args: string[]): { readonly ended: Promise<string> } {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, GPUP_SOCKET: host.socketPath } });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += String(chunk);
  });
  return { ended: once(child, 'close').then(() => output) };
}

async function neighbour(): Promise<Outcome> {
  return JSON.parse(await start(join(here, 'neighbour-guest.js'), String(STEPS)).ended) as Outcome;
}

/** Repeats all its attacks until it is ended: see examples/src/hostile/attacks.ts. */
const HOSTILE = join(here, '../../examples/dist/hostile/main.js');

interface AttackLine {
  readonly event: string;
  readonly name?: string;
  readonly outcome?: string;
  readonly code?: string;
}

function attacksIn(output: string): AttackLine[] {
  const lines = output.split('\n').filter((line) => line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as AttackLine).filter((line) => line.event === 'attack');
}

test('a neighbour of a hostile guest computes what it computes alone', async (t) => {
  const alone = await neighbour();
  t.diagnostic(`alone: p50 ${alone.p50Ms.toFixed(2)} ms, p99 ${alone.p99Ms.toFixed(2)} ms`);
  let isOver = false;
  const beside = neighbour().finally(() => {
    isOver = true;
  });
  const attacks: AttackLine[] = [];
  do attacks.push(...attacksIn(await start(HOSTILE).ended));
  while (!isOver);
  const outcome = await beside;
  equal(outcome.hash, alone.hash);
  t.diagnostic(`beside ${attacks.length} attacks: p50 ${outcome.p50Ms.toFixed(2)} ms, p99 ${outcome.p99Ms.toFixed(2)} ms`);
  for (const name of ['truncate', 'grow', 'punch', 'hoard', 'noise', 'overrun']) {
    const own = attacks.filter((attack) => attack.name === name);
    ok(own.length > 0, `no attack (${name}) was made`);
    for (const { outcome, code } of own) ok(outcome === 'lost' || outcome === 'refused', `attack ${name} ended ${outcome} (${code})`);
  }
});
