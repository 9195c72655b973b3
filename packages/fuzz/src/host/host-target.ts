import { HEADER } from '@gpup/bus';
import { type EphemeralHost, startHost } from '@gpup/guest';
import { type Finding, findingOf } from '../finding.ts';
import type { Random } from '../input/random.ts';
import { EDGES } from '../input/values.ts';
import type { TallyTable } from '../tally-table.ts';
import { until, within } from '../time/patience.ts';
import { statsOfProcess, type ThreadStat } from '../time/thread-stat.ts';
import type { Attempt, Case, StepLog, Target } from '../target.ts';
import { Attacker } from './attacker.ts';
import { Neighbour } from './neighbour.ts';
import { childrenOf, descriptorCountOf, isAlive, residentBytesOf } from './processes.ts';

const VRAM_BYTES = 256 << 20;
/** A neighbour's work takes milliseconds. */
const NEIGHBOUR_MS_MAX = 20_000;
/** From the attacker's end to that of its VF. */
const CLEAN_UP_MS_MAX = 10_000;
/** Allowed to a host process that has been through thousands of contexts. */
const HOST_GROWTH_BYTES_MAX = 64 << 20;
const DESCRIPTOR_GROWTH_MAX = 2;

interface HostOptions {
  /** VF processes that wait for guests. */
  readonly pool: number;
}

/** A context's VF process was started for it, or has waited for it. */
const POOL_MAX = 1;
/** Of the neighbour. */
const VF_COUNT = 1;
/** From the start of a host to that of all its VFs. */
const FILL_MS_MAX = 20_000;

/** Losses that are no answer to an attack but a crash. */
const CRASH_CODES: ReadonlySet<string> = new Set(['vf-died', 'vf-bug']);

/**
 * A real host process with real VFs, attacked over its sockets and through a real aperture: the host and a
 * neighbour must not notice, and nothing of the attacker may be left.
 */
export class HostTarget implements Target {
  readonly name = 'host';
  readonly #tally: TallyTable;
  /** By the number of VF processes that each host keeps in waiting. */
  readonly #arenas = new Map<number, HostArena>();

  constructor(tally: TallyTable) {
    this.#tally = tally;
  }

  async attempt(random: Random, log: StepLog | null): Promise<Attempt> {
    const options: HostOptions = { pool: random.below(POOL_MAX + 1) };
    log?.begin(options);
    const steps = think(random);
    for (const step of steps) log?.step(step);
    const { finding, verdict } = await this.#play(options, steps);
    for (const step of steps) this.#tally.add(this.name, step.split(' ')[0] as string, verdict);
    return { inputCount: steps.length, finding, toCase: () => ({ options, steps }) };
  }

  async replay({ options, steps }: Case): Promise<Finding | null> {
    return (await this.#play(options as HostOptions, steps)).finding;
  }

  async #play({ pool }: HostOptions, steps: readonly string[]): Promise<{ readonly finding: Finding | null; readonly verdict: string }> {
    const arena = this.#arenas.get(pool) ?? (await HostArena.open(pool));
    this.#arenas.set(pool, arena);
    const result = await arena.play(steps);
    // What is broken would be found again and again.
    if (result.finding !== null) {
      this.#arenas.delete(pool);
      await arena.close();
    }
    return result;
  }

  async close(): Promise<void> {
    for (const arena of this.#arenas.values()) await arena.close();
    this.#arenas.clear();
  }
}

class HostArena {
  readonly #host: EphemeralHost;
  readonly #neighbour: Neighbour;
  readonly #childCountMax: number;
  readonly #descriptorCount: number;
  readonly #residentBytes: number;

  private constructor(host: EphemeralHost, neighbour: Neighbour, pool: number) {
    this.#host = host;
    this.#neighbour = neighbour;
    this.#childCountMax = VF_COUNT + pool;
    this.#descriptorCount = descriptorCountOf(host.pid);
    this.#residentBytes = residentBytesOf(host.pid);
  }

  static async open(pool: number): Promise<HostArena> {
    const host = await startHost({ adapter: 'software', vramBytes: VRAM_BYTES, pool });
    const neighbour = await Neighbour.open(host.socketPath);
    const isFull = (): boolean => childrenOf(host.pid).length === VF_COUNT + pool;
    await until(isFull, FILL_MS_MAX, () => statsOfProcess(host.pid));
    return new HostArena(host, neighbour, pool);
  }

  async close(): Promise<void> {
    this.#neighbour.close();
    await this.#host.end();
  }

  async play(steps: readonly string[]): Promise<{ readonly finding: Finding | null; readonly verdict: string }> {
    const attacker = new Attacker(this.#host.socketPath);
    let verdict = 'alive';
    try {
      for (const step of steps) attacker.perform(step);
      const during = await this.#neighbourFinding();
      verdict = attacker.verdict();
      if (during !== null) return { finding: during, verdict };
      if (CRASH_CODES.has(verdict)) return { finding: { kind: verdict, row: 'host', message: 'The VF under attack ended without a reason.' }, verdict };
    } catch (error) {
      return { finding: findingOf('host', 'host', error), verdict };
    } finally {
      attacker.end();
    }
    return { finding: await this.#leftoverFinding(), verdict };
  }

  async #neighbourFinding(): Promise<Finding | null> {
    const work = this.#neighbour.work().catch((error: unknown) => String(error));
    const message = await within(work, NEIGHBOUR_MS_MAX, () => this.#stats());
    if (message === null) return null;
    return { kind: 'neighbour', row: 'host', message: message === 'late' ? 'The neighbour waits.' : message };
  }

  /** Nothing of the attacker is left after a while. */
  async #leftoverFinding(): Promise<Finding | null> {
    const isClean = (): boolean => this.#leftover() === null;
    if (await until(isClean, CLEAN_UP_MS_MAX, () => this.#stats())) return null;
    return { kind: 'leftover', row: 'host', message: this.#leftover() ?? 'It took too long.' };
  }

  /** Of the host process and its VFs. */
  #stats(): readonly ThreadStat[] {
    const { pid } = this.#host;
    return [pid, ...childrenOf(pid)].flatMap(statsOfProcess);
  }

  #leftover(): string | null {
    const { pid } = this.#host;
    if (!isAlive(pid)) return 'The host process is gone.';
    const childCount = childrenOf(pid).length;
    // One of those that wait may be missing for a while.
    if (childCount > this.#childCountMax) return `The host has ${childCount} processes instead of ${this.#childCountMax}.`;
    const descriptorCount = descriptorCountOf(pid);
    if (descriptorCount > this.#descriptorCount + DESCRIPTOR_GROWTH_MAX) return `The host has ${descriptorCount} descriptors, it had ${this.#descriptorCount}.`;
    const grownBytes = residentBytesOf(pid) - this.#residentBytes;
    return grownBytes > HOST_GROWTH_BYTES_MAX ? `The host has grown by ${grownBytes} bytes.` : null;
  }
}

const HELLO = 'packet 22 1 0 18 4 61616161';

/** Steps of an attacker: see attacker.ts. */
export function think(random: Random): string[] {
  if (random.oneIn(3)) return Array.from({ length: 1 + random.below(4) }, () => outside(random));
  const steps = [`open ${random.oneIn(4) ? 'stream' : 'aperture'}`];
  if (random.oneIn(12)) steps.push(outside(random));
  steps.push(`attach ${random.oneIn(12) ? 'bad' : 'good'}`);
  if (random.oneIn(12)) return steps;
  steps.push('receive');
  if (!random.oneIn(4)) steps.push(HELLO);
  for (let count = 1 + random.below(12); count > 0; count--) steps.push(inside(random));
  return steps;
}

/** Without a context. */
function outside(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return `garbage ${Buffer.from(Uint8Array.from({ length: 1 + random.below(200) }, () => random.u32())).toString('hex')}`;
    case 1:
      return `garbage ${Buffer.from('{'.repeat(random.pick([10, 1023, 1024, 3000]))).toString('hex')}`;
    case 2:
      return `garbage ${Buffer.from('{"type":"open","protocol":{"major":2,"minor":0}}\n').toString('hex')}`;
    case 3:
      return `descriptors-control ${random.below(200).toString(16)}`;
    case 4:
      return 'close control';
    default:
      return `attach ${'a'.repeat(64)}`;
  }
}

/** With an aperture in hand. */
function inside(random: Random): string {
  const value = (random.oneIn(2) ? random.pick(EDGES) : random.u32()).toString(16);
  switch (random.below(14)) {
    case 0:
      return `resize ${random.pick([0, 1, 4096, 1 << 20, 2 ** 31, 2 ** 33]).toString(16)}`;
    case 1:
      return `punch ${(random.below(64) * 4096).toString(16)} ${random.pick([4096, 1 << 20, 1 << 26]).toString(16)}`;
    case 2:
      return 'unmap';
    case 3:
    case 4:
      return `store ${random.pick(Object.values(HEADER)).toString(16)} ${value}`;
    case 5:
      return `store ${random.below(1 << 19).toString(16)} ${value}`;
    case 6:
      return `bell ${random.pick([1, 100, 10_000]).toString(16)}`;
    case 7:
      return `bytes ${Buffer.from(Uint8Array.from({ length: 1 + random.below(64) }, () => random.u32())).toString('hex')}`;
    case 8:
      return `${random.pick(['descriptors-data', 'descriptors-control'])} ${random.below(200).toString(16)}`;
    case 9:
      return random.pick(['shutdown data', 'shutdown control', 'close data', 'close control']);
    case 10:
      return 'linger';
    case 11:
      return random.oneIn(6) ? `garbage ${Buffer.from('{"type":"open"}\n').toString('hex')}` : 'linger';
    case 12:
      return `packet ${[1, 1, 1, 0].map((word) => word.toString(16)).join(' ')}`;
    default:
      return `packet ${Array.from({ length: 1 + random.below(12) }, () => (random.oneIn(2) ? random.below(42) : random.u32()).toString(16)).join(' ')}`;
  }
}
