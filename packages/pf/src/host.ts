import type { IsolationMode } from '@gpup/sandbox/measures';
import type { AdapterChoice } from './adapters/choice.ts';
import type { Reason } from './control-protocol.ts';
import type { ContextSettings, Grant } from './grant.ts';
import { PF_LIMITS } from './limits.ts';
import { PartitionHost } from './partition-host.ts';
import { pfStep } from './steps.ts';
import { type VfGroups, memoryBytesMax } from './vf-group.ts';
import { VfPool } from './vf-pool.ts';

export interface HostOptions {
  readonly adapter: AdapterChoice;
  /** What every context of this host gets; the transport is the guest's choice. */
  readonly vf: ContextSettings;
  readonly isolation: IsolationMode;
  readonly groups: VfGroups | null;
  readonly poolSize: number;
  /** An existing directory of ours alone. */
  readonly directory: string;
}

/** Of a context that is on no partition's page: VF_LIMITS has the same. */
const HOST_BYTES_MAX = 2 * 2 ** 30;

/** A host without partitions, or with one that has no name: its VFs die with it. */
export class Host {
  readonly #options: HostOptions;
  readonly #pool: VfPool;
  readonly #partition: PartitionHost;
  #contextCount = 0;

  constructor(options: HostOptions) {
    this.#options = options;
    const { adapter, directory, poolSize } = options;
    this.#pool = new VfPool({
      launch: {
        config: { hostPid: process.pid, dawnFlags: adapter.dawnFlags, adapter: adapter.kind, isolation: options.isolation },
        // Some drivers and loaders complain without a runtime directory; theirs is ours, and goes with it.
        environment: { XDG_RUNTIME_DIR: directory, ...adapter.environment },
        survival: null,
        groups: options.groups,
      },
      size: poolSize,
    });
    this.#partition = new PartitionHost({
      name: '',
      adapter: '',
      pool: this.#pool,
      owner: {
        admit: (contextCount) => this.#admit(contextCount),
        readmit: () => ({ code: 'no-adoption', message: 'An ephemeral host takes over no VF.' }),
        nextContextId: () => ++this.#contextCount,
        onOpened: () => {},
        onEnded: () => {},
      },
    });
  }

  listen(socketPath: string): Promise<void> {
    return this.#partition.listen(socketPath);
  }

  /** Starts VF processes until so many wait for guests. */
  prepare(vfCount: number): void {
    this.#pool.fill(vfCount);
  }

  /** Ends every context and resolves when all VF processes are reaped, or after a while without. */
  async close(reason: Reason): Promise<void> {
    const empty = Promise.all([this.#pool.close(reason), this.#partition.close(reason)]).then(() => pfStep('pf.vfs-killed'));
    const timeout = new Promise<void>((resolve) => setTimeout(resolve, PF_LIMITS.shutdownMsMax));
    await Promise.race([empty, timeout]);
  }

  #grant(): Grant {
    const { vf } = this.#options;
    return {
      assignment: () => vf,
      place: () => null,
      memoryBytesMax: () => memoryBytesMax({ vramBytes: vf.vramBytes, hostBytes: HOST_BYTES_MAX }),
      release: () => {},
    };
  }

  #admit(contextCount: number): Grant | Reason {
    if (contextCount < PF_LIMITS.contextsMax) return this.#grant();
    return {
      code: 'too-many-contexts',
      message: `The host has ${contextCount} contexts, as many as it allows (${PF_LIMITS.contextsMax}).`,
    };
  }
}
