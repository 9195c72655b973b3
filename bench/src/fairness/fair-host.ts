import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, type LatencyClass, type SchedulingPolicy, openHost } from '@gpup/api/client';
import { startDaemon, stopDaemon } from '@gpup/daemon';

const LOOK_MS = 10;
const LOOKS_MAX = 1000;

export interface Scheduling {
  readonly policy: SchedulingPolicy;
  /** Default: the host's own. */
  readonly sliceMs?: number;
}

export interface Held {
  readonly heldUs: number;
  readonly turnCount: number;
}

/** A host that lives on its own (`gpup host start`), in a directory of its own, with one adapter whose scheduling changes. */
export class FairHost {
  readonly #directory: string;
  readonly #host: Host;
  readonly #adapterId: string;

  private constructor(directory: string, host: Host, adapterId: string) {
    this.#directory = directory;
    this.#host = host;
    this.#adapterId = adapterId;
  }

  static async start(): Promise<FairHost> {
    const directory = mkdtempSync(join(tmpdir(), 'gpup-bench-'));
    writeFileSync(configIn(directory), JSON.stringify({ runtimeDirectory: join(directory, 'run'), stateDirectory: join(directory, 'state'), defaultPartition: false }));
    try {
      const { apiSocket } = await startDaemon({ configPath: configIn(directory) });
      const host = openHost({ socketPath: apiSocket });
      return new FairHost(directory, host, (await host.adapters())[0]?.id ?? '');
    } catch (error) {
      await end(directory);
      throw error;
    }
  }

  /** Resolves with the socket of its guests. */
  async addPartition(name: string, size: string): Promise<string> {
    return (await this.#host.createPartition({ name, adapter: this.#adapterId, size })).socketPath;
  }

  async setLatencyClass(partition: string, latencyClass: LatencyClass): Promise<void> {
    await this.#host.changePartition(partition, { latencyClass });
  }

  /** Resolves with the slice that it has then. */
  async schedule({ policy, sliceMs }: Scheduling): Promise<number> {
    const { scheduling } = await this.#host.setAdapterScheduling(this.#adapterId, sliceMs === undefined ? { policy } : { policy, sliceMs });
    return scheduling.sliceMs;
  }

  /** What the host says for how long each partition has held the adapter, and how often. */
  async held(): Promise<ReadonlyMap<string, Held>> {
    return new Map((await this.#host.partitions()).map(({ name, scheduling: { heldUs, turnCount } }) => [name, { heldUs, turnCount }]));
  }

  /** Of the contexts of these partitions. */
  async vfPidsOf(partitions: readonly string[]): Promise<readonly number[]> {
    return (await this.#host.contexts()).filter(({ partition }) => partitions.includes(partition)).map(({ vfPid }) => vfPid);
  }

  /** Resolves when so many contexts are left: a guest that has ended is noticed a moment later. */
  async hasContexts(count: number): Promise<void> {
    for (let looks = 0; looks < LOOKS_MAX; looks++) {
      if ((await this.#host.contexts()).length === count) return;
      await sleep(LOOK_MS);
    }
    throw new Error(`The host has ${(await this.#host.contexts()).length} contexts after ${(LOOKS_MAX * LOOK_MS) / 1000} s, not ${count}.`);
  }

  end(): Promise<void> {
    return end(this.#directory);
  }
}

function configIn(directory: string): string {
  return join(directory, 'host.json');
}

async function end(directory: string): Promise<void> {
  await stopDaemon({ configPath: configIn(directory), guests: 'end' });
  rmSync(directory, { recursive: true, force: true });
}
