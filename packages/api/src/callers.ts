import type { Caller, HostAccess } from '@gpup/pf/access';
import type { Token } from './token.ts';

/** Whoever could open the API's Unix socket. */
export const SOCKET_CALLER: Caller = { role: 'operator', tenant: null, token: null, isCurrent: () => true };

/** Whoever has the token of the configuration. Its name is no id of the host's tokens. */
const CONFIGURED: Caller = { role: 'operator', tenant: null, token: 'configured', isCurrent: () => true };

/** Whose an Authorization header is. */
export class Callers {
  readonly #configured: Token | undefined;
  readonly #access: HostAccess;

  constructor(configured: Token | undefined, access: HostAccess) {
    this.#configured = configured;
    this.#access = access;
  }

  /** Undefined: nobody's. Both are asked in any case: how long it takes tells nothing. */
  of(header: string | undefined): Caller | undefined {
    const [, presented = ''] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
    const isConfigured = this.#configured?.isIn(header) ?? false;
    const known = this.#access.callerOf(presented);
    return isConfigured ? CONFIGURED : known;
  }
}
