import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { ApiError } from './api-error.ts';
import { API_LIMITS } from './limits.ts';
import type { RateLimit } from './rate-limit.ts';
import type { Token } from './token.ts';

/** Who may ask, and how much. Stands before everything else, for requests and WebSockets alike. */
export interface Gate {
  /** Throws an `ApiError`. The request's body has not been looked at. */
  admit(request: IncomingMessage): void;
}

/** Who could open the socket may do everything: the file's mode is the check. All of them are one peer. */
export class SocketGate implements Gate {
  readonly #rate: RateLimit;

  constructor(rate: RateLimit) {
    this.#rate = rate;
  }

  admit(request: IncomingMessage): void {
    admitRate(this.#rate, 'socket');
    admitUrl(request);
  }
}

/** Over TCP anybody may come: a web page that runs on this machine, too. */
export class TcpGate implements Gate {
  readonly #rate: RateLimit;
  readonly #token: Token;
  readonly #hostNames: ReadonlySet<string>;

  /** `hostNames`: by which names, besides `localhost` and addresses, this host may be called. */
  constructor(rate: RateLimit, token: Token, hostNames: readonly string[]) {
    this.#rate = rate;
    this.#token = token;
    this.#hostNames = new Set(['localhost', ...hostNames.map((name) => name.toLowerCase())]);
  }

  admit(request: IncomingMessage): void {
    // First of all, so that nobody can try tokens faster.
    admitRate(this.#rate, request.socket.remoteAddress ?? 'gone');
    admitUrl(request);
    this.#admitHost(request.headers.host);
    if (this.#token.isIn(request.headers.authorization)) return;
    const given = request.headers.authorization === undefined ? 'No token is given' : 'The token is wrong';
    throw new ApiError('unauthorized', `${given}; send "Authorization: Bearer TOKEN".`, { headers: { 'www-authenticate': 'Bearer realm="gpup"' } });
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

/** Without the port, and without the brackets of an IPv6 address. */
function hostNameOf(header: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header) ?? [];
  return (bracketed ?? plain ?? '').toLowerCase();
}

function admitRate(rate: RateLimit, peer: string): void {
  const waitMs = rate.waitMs(peer);
  if (waitMs === 0) return;
  throw new ApiError('rate-limited', `Too many requests; the next one is taken in ${waitMs} ms.`, { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}

function admitUrl({ url = '' }: IncomingMessage): void {
  const bytes = Buffer.byteLength(url);
  if (bytes > API_LIMITS.urlBytesMax) throw new ApiError('url-too-long', `The URL has ${bytes} bytes, more than the limit (${API_LIMITS.urlBytesMax}).`);
}
