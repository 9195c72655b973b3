import type { Socket } from 'node:net';
import { descriptorOf, peerCredentials } from '@gpup/os';
import type { Caller, Change, HostAccess } from '@gpup/pf/access';
import type { AuditLog } from './audit/audit-log.ts';
import type { HostCore } from './host-core.ts';
import type { TokenStore } from './tokens/token-store.ts';

export interface AccessOptions {
  readonly core: HostCore;
  readonly tokens: TokenStore;
  readonly audit: AuditLog;
}

/** What the gate before the host's operations asks. */
export class Access implements HostAccess {
  readonly #options: AccessOptions;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  callerOf(secret: string): Caller | undefined {
    return this.#options.tokens.callerOf(secret);
  }

  tenantOfPartition(name: string): string | null | undefined {
    return this.#options.core.tenantOf(name);
  }

  partitionOfContext(id: number): string | undefined {
    const context = this.#options.core.context(id);
    return context === undefined || context.state === 'ended' ? undefined : context.description.partition;
  }

  beginChange(change: Change): (outcome: string) => void {
    return this.#options.audit.begin(change);
  }

  /** As the kernel has noted it when the peer connected: the process may be gone by now. */
  peerOf(socket: Socket): string {
    const fd = descriptorOf(socket);
    if (fd === null) return 'socket';
    const { pid, uid } = peerCredentials(fd);
    return `socket, uid ${uid}, pid ${pid}`;
  }
}
