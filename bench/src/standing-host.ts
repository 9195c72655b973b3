import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, openHost } from '@gpup/api/client';
import { startDaemon, stopDaemon } from '@gpup/daemon';
import type { Workload } from './workloads/workload.ts';

/** What a guest of a standing host has: an adapter that it owns whole, or a partition with all of one. */
export type Holding = NonNullable<Workload['standing']>;

const LOOK_MS = 10;

/** A host that lives on its own (`gpup host start`), in a directory of its own, and what one guest at a time is given of it. */
export class StandingHost {
  readonly #directory: string;
  readonly #host: Host;
  readonly #adapterId: string;
  readonly #socketPath: string;

  private constructor(directory: string, host: Host, { adapterId, socketPath }: { readonly adapterId: string; readonly socketPath: string }) {
    this.#directory = directory;
    this.#host = host;
    this.#adapterId = adapterId;
    this.#socketPath = socketPath;
  }

  static async start(holding: Holding): Promise<StandingHost> {
    const directory = mkdtempSync(join(tmpdir(), 'gpup-bench-'));
    const runtimeDirectory = join(directory, 'run');
    writeFileSync(configIn(directory), JSON.stringify({ runtimeDirectory, stateDirectory: join(directory, 'state'), defaultPartition: false }));
    try {
      const { apiSocket } = await startDaemon({ configPath: configIn(directory) });
      const host = openHost({ socketPath: apiSocket });
      const adapterId = (await host.adapters())[0]?.id ?? '';
      return new StandingHost(directory, host, { adapterId, socketPath: await socketOf(host, { holding, adapterId, runtimeDirectory }) });
    } catch (error) {
      await end(directory);
      throw error;
    }
  }

  /** Resolves when no earlier guest has it any more. */
  async free(): Promise<string> {
    const isTaken = async (): Promise<boolean> => {
      const adapter = (await this.#host.adapters()).find(({ id }) => id === this.#adapterId);
      return adapter?.owner !== null || (await this.#host.contexts()).length > 0;
    };
    while (await isTaken()) await sleep(LOOK_MS);
    return this.#socketPath;
  }

  end(): Promise<void> {
    return end(this.#directory);
  }
}

async function socketOf(host: Host, { holding, adapterId, runtimeDirectory }: { readonly holding: Holding; readonly adapterId: string; readonly runtimeDirectory: string }): Promise<string> {
  if (holding === 'partition') return (await host.createPartition({ name: 'bench', size: '1' })).socketPath;
  await host.setAdapterMode(adapterId, 'dda');
  return join(runtimeDirectory, 'adapters', `${adapterId}.sock`);
}

function configIn(directory: string): string {
  return join(directory, 'host.json');
}

async function end(directory: string): Promise<void> {
  await stopDaemon({ configPath: configIn(directory), guests: 'end' });
  rmSync(directory, { recursive: true, force: true });
}
