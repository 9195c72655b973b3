/**
 * `node tests/dist/soak/many-partitions.js [--partitions 64] [--seconds 120] [--json]`: so many partitions of one software
 * adapter, each with a guest that keeps a secret in its GPU memory and compares it all the time; then all of them are
 * removed, and nothing may be left. Exit status 1 if a secret was not kept or something is left.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type Host, openHost } from '@gpup/api/client';
import { type DaemonReady, startDaemon, stopDaemon } from '@gpup/daemon';
import { type Kept, SecretKeeper } from './secret-keeper.ts';
import { descendants, descriptorCount, pssBytes, vfProcesses } from './vf-processes.ts';

/** What there is of a host, as the kernel tells. */
export interface HostFootprint {
  /** All that the daemon has started. */
  readonly processes: number;
  /** Of the daemon. */
  readonly descriptors: number;
  /** Sockets, logs and records in its runtime directory. */
  readonly files: number;
  readonly daemonPssMiB: number;
}

export interface ManyPartitionsResult {
  readonly partitionCount: number;
  /** So long all of them were alive at once. */
  readonly seconds: number;
  /** From the first request until all partitions are there, and until the guest of each has compared its secret. */
  readonly createdSeconds: number;
  readonly aliveSeconds: number;
  /** From the first request to remove one, with its guest in it or not, until all are gone. */
  readonly removedSeconds: number;
  readonly rounds: { readonly total: number; readonly fewest: number; readonly slowestMs: number };
  readonly failures: readonly string[];
  /** While all are alive. */
  readonly alive: HostFootprint & { readonly vfPssMiB: { readonly total: number; readonly largest: number }; readonly guestPssMiB: { readonly total: number; readonly largest: number } };
  readonly before: HostFootprint;
  readonly after: HostFootprint;
}

export const PARTITIONS_MAX = 128;
const SETTLE_MS_MAX = 15_000;
const LOOK_MS = 50;
const REST_LOOKS = 10;

/** A daemon of its own, with a guest in each of its partitions. */
class ManyPartitions {
  readonly #directory = mkdtempSync(join(tmpdir(), 'gpup-soak-'));
  readonly #configPath = join(this.#directory, 'host.json');
  readonly #runtime = join(this.#directory, 'run');
  readonly #guests: SecretKeeper[] = [];
  #daemon: DaemonReady | undefined;

  async start(): Promise<void> {
    const config = { adapter: 'software', softwareAdapters: 1, defaultPartition: false, runtimeDirectory: this.#runtime, stateDirectory: join(this.#directory, 'state') };
    writeFileSync(this.#configPath, JSON.stringify(config));
    this.#daemon = await startDaemon({ configPath: this.#configPath });
  }

  get guests(): readonly SecretKeeper[] {
    return this.#guests;
  }

  /** So many partitions of the same size, each with a guest that begins to start meanwhile. */
  async addAll(count: number): Promise<void> {
    for (let index = 0; index < count; index++) {
      const { socketPath } = await this.#host.createPartition({ name: `soak-${index}`, size: `1/${count}` });
      this.#guests.push(new SecretKeeper(socketPath, index));
    }
  }

  /** Also where some have ended instead. */
  async allVerified(): Promise<void> {
    await Promise.allSettled(this.#guests.map(({ verified }) => verified));
  }

  /** What went wrong with those that did not keep their secret until now, and the figures of the others. */
  async endGuests(): Promise<{ readonly kept: readonly Kept[]; readonly failures: readonly string[] }> {
    const ends = await Promise.allSettled(this.guests.map((guest) => guest.end()));
    return {
      kept: ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])),
      failures: ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as Error).message] : [])),
    };
  }

  async removeAll(): Promise<void> {
    for (const { name } of await this.#host.partitions()) await this.#host.removePartition(name, { force: true });
    this.#guests.length = 0;
  }

  footprint(): HostFootprint {
    const { pid } = this.#daemon as DaemonReady;
    return { processes: descendants(pid).length, descriptors: descriptorCount(pid), files: filesIn(this.#runtime), daemonPssMiB: mebibytes(pssBytes(pid)) };
  }

  memory(): Pick<ManyPartitionsResult['alive'], 'vfPssMiB' | 'guestPssMiB'> {
    const { pid } = this.#daemon as DaemonReady;
    return { vfPssMiB: sumOf(vfProcesses(pid)), guestPssMiB: sumOf(this.guests.map((guest) => guest.pid)) };
  }

  /** What is there once that has been so for a while: a request before may still be on its way out. */
  async atRest(): Promise<HostFootprint> {
    let footprint = this.footprint();
    for (let sameCount = 0; sameCount < REST_LOOKS; sameCount++) {
      await sleep(LOOK_MS);
      const now = this.footprint();
      if (!isAsBefore(footprint, now)) sameCount = 0;
      footprint = now;
    }
    return footprint;
  }

  /** What is there once it holds, or in the end after a while. */
  async settled(holds: (footprint: HostFootprint) => boolean): Promise<HostFootprint> {
    const deadlineMs = performance.now() + SETTLE_MS_MAX;
    for (;;) {
      const footprint = this.footprint();
      if (holds(footprint) || performance.now() > deadlineMs) return footprint;
      await sleep(LOOK_MS);
    }
  }

  async close(): Promise<void> {
    for (const guest of this.guests) guest.kill();
    await stopDaemon({ configPath: this.#configPath, guests: 'end' });
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #host(): Host {
    return openHost({ socketPath: (this.#daemon as DaemonReady).apiSocket });
  }
}

export function isAsBefore(before: HostFootprint, after: HostFootprint): boolean {
  return after.processes === before.processes && after.descriptors === before.descriptors && after.files === before.files;
}

export async function manyPartitions({ partitionCount, seconds }: { readonly partitionCount: number; readonly seconds: number }): Promise<ManyPartitionsResult> {
  const scene = new ManyPartitions();
  try {
    await scene.start();
    const before = await warmedUp(scene);
    const startMs = performance.now();
    await scene.addAll(partitionCount);
    const createdSeconds = secondsSince(startMs);
    await scene.allVerified();
    const aliveSeconds = secondsSince(startMs);
    for (const guest of scene.guests) guest.hurry();
    await sleep(seconds * 1000);
    const alive = { ...scene.footprint(), ...scene.memory() };
    const { kept, failures } = await scene.endGuests();
    const removeMs = performance.now();
    await scene.removeAll();
    const removedSeconds = secondsSince(removeMs);
    const after = await scene.settled((footprint) => isAsBefore(before, footprint));
    return { partitionCount, seconds, createdSeconds, aliveSeconds, removedSeconds, rounds: roundsOf(kept), failures, alive, before, after };
  } finally {
    await scene.close();
  }
}

const WARM_COUNT = 4;
const WARM_TIMES = 3;
/** `pool` of the configuration, by default. */
const WAITING_VF_COUNT = 1;

/** Partitions and guests have come and gone: what is loaded once is no leak. */
async function warmedUp(scene: ManyPartitions): Promise<HostFootprint> {
  for (let times = 0; times < WARM_TIMES; times++) {
    await scene.addAll(WARM_COUNT);
    await scene.allVerified();
    await scene.endGuests();
    await scene.removeAll();
  }
  await scene.settled(({ processes }) => processes === WAITING_VF_COUNT);
  return scene.atRest();
}

function roundsOf(kept: readonly Kept[]): ManyPartitionsResult['rounds'] {
  const rounds = kept.map((each) => each.rounds);
  return { total: rounds.reduce((sum, each) => sum + each, 0), fewest: Math.min(...rounds), slowestMs: Math.max(...kept.map(({ slowestMs }) => slowestMs)) };
}

function sumOf(pids: readonly number[]): { readonly total: number; readonly largest: number } {
  const bytes = pids.map(pssBytes);
  return { total: mebibytes(bytes.reduce((sum, each) => sum + each, 0)), largest: mebibytes(Math.max(0, ...bytes)) };
}

function mebibytes(bytes: number): number {
  return Math.round((bytes / 2 ** 20) * 10) / 10;
}

function secondsSince(startMs: number): number {
  return Math.round(performance.now() - startMs) / 1000;
}

function filesIn(directory: string): number {
  return readdirSync(directory, { recursive: true }).length;
}

function readNumber(name: string, text: string, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 1 && value <= max) return value;
  throw new Error(`--${name} (${text}) is not a whole number from 1 to ${max}.`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { partitions: { type: 'string', default: '64' }, seconds: { type: 'string', default: '120' }, json: { type: 'boolean' } } });
  const result = await manyPartitions({
    partitionCount: readNumber('partitions', values.partitions, PARTITIONS_MAX),
    seconds: readNumber('seconds', values.seconds, 86_400),
  });
  console.log(values.json ? JSON.stringify(result) : JSON.stringify(result, null, 2));
  return result.failures.length === 0 && isAsBefore(result.before, result.after) ? 0 : 1;
}

if (process.argv[1]?.endsWith('many-partitions.js')) process.exit(await main());
