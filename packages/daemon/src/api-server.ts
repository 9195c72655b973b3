import type { HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';

/** The server of the host's API, as far as the daemon has to do with it: @gpup/api has it, and tests have a plainer one. */
export interface ApiServer {
  listenOnSocket(path: string): Promise<void>;
  listenOnTcp(where: { readonly host: string; readonly port: number }): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes nobody in any more, and resolves when requests that run have their answers. */
  close(): Promise<void>;
}

export type CreateApiServer = (options: {
  readonly actions: PfActions;
  readonly access: HostAccess;
  /** The operators' of the configuration: for TCP only. */
  readonly token?: string;
  readonly onFault: (error: unknown) => void;
}) => ApiServer;
