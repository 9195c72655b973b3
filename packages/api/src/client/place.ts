import { HostApiError } from './host-api-error.ts';

/** Where a host's API is, and how long it may take to answer. */
export type Place = ({ readonly kind: 'socket'; readonly path: string } | { readonly kind: 'url'; readonly url: URL; readonly token: string | undefined }) & {
  /** Undefined: as long as it likes. */
  readonly answerMsMax?: number | undefined;
};

export function placeOf(options: { readonly socketPath: string } | { readonly url: string; readonly token: string | undefined }): Place {
  if ('socketPath' in options) return { kind: 'socket', path: options.socketPath };
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) throw new TypeError(`URL (${options.url}) of the host is no http: or https: URL.`);
  return { kind: 'url', url, token: options.token };
}

/** Over the socket the file's mode is all that is asked for. */
export function authorization(place: Place): Readonly<Record<string, string>> {
  return place.kind === 'url' && place.token !== undefined ? { authorization: `Bearer ${place.token}` } : {};
}

export function urlAt(place: Place, path: string): URL {
  return new URL(path, place.kind === 'socket' ? 'http://localhost' : place.url);
}

/** In words, for people. */
export function nameOf(place: Place): string {
  return place.kind === 'socket' ? place.path : place.url.origin;
}

/** A connection that failed, or ended before its answer. */
export function connectionError(place: Place, cause: NodeJS.ErrnoException): HostApiError {
  const where = nameOf(place);
  switch (cause.code) {
    case 'ENOENT':
    case 'ECONNREFUSED':
    case 'ENOTFOUND':
      return new HostApiError('no-host', `No host listens at ${where}; "gpup host start" starts one.`, { cause });
    case 'EACCES':
    case 'EPERM':
      return new HostApiError('no-access', `The host's socket (${where}) belongs to another user.`, { cause });
    default:
      return new HostApiError('host-gone', `The host at ${where} went away before it answered (${cause.code ?? cause.message}).`, { cause });
  }
}
