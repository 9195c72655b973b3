import type { IncomingMessage } from 'node:http';
import { type Socket, isIP } from 'node:net';
import type { Caller } from '@gpup/pf/access';
import { ApiError } from './api-error.ts';
import { type Callers, SOCKET_CALLER } from './callers.ts';
import type { CallerRates } from './caller-rates.ts';
import { API_LIMITS } from './limits.ts';
import { networkOf } from './network.ts';
import type { Strangers } from './strangers.ts';

/** Who may ask, and how much. Stands before everything else, for requests and WebSockets alike. */
export interface Gate {
  /** Whether a connection is kept that has asked nothing yet. */
  admitConnection(socket: Socket): boolean;
  /** Throws an `ApiError`. The request's body has not been looked at. */
  admit(request: IncomingMessage): Caller;
}

/**
 * Who could open the socket may do everything: the file's mode is the check. All of them are one peer. A token that is
 * presented all the same counts: whoever forwards a tenant's request does not make an operator of it.
 */
export class SocketGate implements Gate {
  readonly #rates: CallerRates;
  readonly #callers: Callers;

  constructor(rates: CallerRates, callers: Callers) {
    this.#rates = rates;
    this.#callers = callers;
  }

  admitConnection(): boolean {
    return true;
  }

  admit(request: IncomingMessage): Caller {
    const { authorization } = request.headers;
    const caller = authorization === undefined ? SOCKET_CALLER : this.#callers.of(authorization);
    this.#rates.admit(request, caller, 'socket');
    admitUrl(request);
    return known(caller, authorization);
  }
}

export interface TcpGateOptions {
  readonly rates: CallerRates;
  readonly callers: Callers;
  readonly strangers: Strangers;
  readonly hostNames: readonly string[];
}

/** Over TCP anybody may come: a web page that runs on this machine, too. */
export class TcpGate implements Gate {
  readonly #rates: CallerRates;
  readonly #callers: Callers;
  readonly #strangers: Strangers;
  readonly #hostNames: ReadonlySet<string>;

  /** `hostNames`: by which names, besides `localhost` and addresses, this host may be called. */
  constructor({ rates, callers, strangers, hostNames }: TcpGateOptions) {
    this.#rates = rates;
    this.#callers = callers;
    this.#strangers = strangers;
    this.#hostNames = new Set(['localhost', ...hostNames.map((name) => name.toLowerCase())]);
  }

  admitConnection(socket: Socket): boolean {
    return this.#strangers.admit(socket);
  }

  admit(request: IncomingMessage): Caller {
    const { authorization, host } = request.headers;
    const caller = this.#callers.of(authorization);
    if (caller !== undefined) this.#strangers.known(request.socket);
    // Before any refusal, so that nobody can try tokens faster.
    this.#rates.admit(request, caller, networkOf(request.socket.remoteAddress ?? 'gone'));
    admitUrl(request);
    this.#admitHost(host);
    return known(caller, authorization);
  }

  /** A page whose name was made to point here (DNS rebinding) sends that name. An address cannot be made to point anywhere. */
  #admitHost(header: string | undefined): void {
    const host = hostNameOf(header ?? '');
    if (isIP(host) !== 0 || this.#hostNames.has(host)) return;
    throw new ApiError('host-not-allowed', `Host (${host.slice(0, API_LIMITS.quotedLengthMax)}) is no name of this API; it answers to addresses and: ${[...this.#hostNames].join(', ')}.`, {
      field: 'Host',
    });
  }
}

function known(caller: Caller | undefined, authorization: string | undefined): Caller {
  if (caller !== undefined) return caller;
  const given = authorization === undefined ? 'No token is given' : 'The token is wrong';
  throw new ApiError('unauthorized', `${given}; send "Authorization: Bearer TOKEN".`, { headers: { 'www-authenticate': 'Bearer realm="gpup"' } });
}

/** Without the port, and without the brackets of an IPv6 address. */
function hostNameOf(header: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

function admitUrl({ url = '' }: IncomingMessage): void {
  const bytes = Buffer.byteLength(url);
  if (bytes > API_LIMITS.urlBytesMax) throw new ApiError('url-too-long', `The URL has ${bytes} bytes, more than the limit (${API_LIMITS.urlBytesMax}).`);
}
