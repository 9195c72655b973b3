import { type HostLaunch, SOCKET_VARIABLE, startHost } from '@gpup/guest';
import type { RunCommand } from './arguments.ts';
import { cliStep } from './steps.ts';

/** Where a program opens its GPU. */
export interface RunPlace {
  readonly socketPath: string;
  /** Of a host process of the program's own: resolves when it is gone, with how it ended. Null: a host that others use as well. */
  readonly hostEnded: Promise<string> | null;
  end(): Promise<void>;
}

/** A partition of the host that runs, or else, or where something is asked of it that only a place of one's own can give, a host process that ends with the program. */
export async function placeFor(command: RunCommand, launch: Pick<HostLaunch, 'capturePath'>): Promise<RunPlace> {
  const socketPath = await standingSocket(command, launch);
  return socketPath === null ? ownPlace(command, launch) : { socketPath, hostEnded: null, end: () => Promise.resolve() };
}

async function standingSocket({ partition, isEphemeral }: RunCommand, { capturePath }: Pick<HostLaunch, 'capturePath'>): Promise<string | null> {
  if (isEphemeral || capturePath !== undefined) return null;
  const given = process.env[SOCKET_VARIABLE];
  // What runs in a partition stays in it, and one that was given its socket alone need not see the host.
  if (partition === undefined && given) return given;
  const { namedPartition, defaultPartition } = await import('./standing-partition.ts');
  return partition === undefined ? defaultPartition() : namedPartition(partition);
}

async function ownPlace({ adapter = 'auto', vramBytes, pool, requiresIsolation }: RunCommand, launch: Pick<HostLaunch, 'capturePath'>): Promise<RunPlace> {
  const host = await startHost({ ...launch, adapter, ...(vramBytes === undefined ? {} : { vramBytes }), ...(pool === undefined ? {} : { pool }), ...(requiresIsolation ? { isolation: 'require' } : {}) });
  cliStep('cli.host-ready');
  return {
    socketPath: host.socketPath,
    hostEnded: host.ended,
    end: async () => {
      await host.end();
      cliStep('cli.host-ended');
    },
  };
}
