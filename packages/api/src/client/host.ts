import type { Caller } from '@gpup/pf/access';
import type {
  AdapterMode,
  AdapterScheduling,
  AdapterView,
  Allocation,
  AuditEntry,
  ContextView,
  HostView,
  IssuedToken,
  PartitionChange,
  PartitionRequest,
  PartitionView,
  PfActions,
  RotationRequest,
  TokenRequest,
  TokenView,
  UsageReport,
} from '@gpup/pf/actions';
import { type EventFrame, eventStream } from './event-stream.ts';
import { type Place, placeOf } from './place.ts';
import { type Call, call } from './request.ts';
import { defaultApiSocketPath } from './socket-path.ts';

export interface OpenHostOptions {
  /** Default: the socket of this user's host. */
  readonly socketPath?: string;
  /** Instead of a socket: `http://127.0.0.1:7070`, with a token. */
  readonly url?: string;
  readonly token?: string;
  /** A host that has not answered for so long is given up, with `no-answer`. Default: it is waited for. Events are not meant. */
  readonly answerMsMax?: number;
}

/** The operations of a host, as promises. What is not done rejects with a `HostApiError`. */
export type Host = {
  readonly [Name in Exclude<keyof PfActions, 'subscribe'>]: (...args: Parameters<PfActions[Name]>) => Promise<Awaited<ReturnType<PfActions[Name]>>>;
} & {
  /** What happens on the host, from now on or from after an event that is known. The first frame is a `hello`. */
  events(options?: { readonly after?: number; readonly signal?: AbortSignal }): AsyncGenerator<EventFrame, void, void>;
  /** Who this is, as the host sees it. */
  caller(): Promise<CallerView>;
  /** As Prometheus reads them. */
  metrics(): Promise<string>;
};

export type CallerView = Omit<Caller, 'isCurrent'>;

/** A host's API. Opens nothing yet: each operation makes a connection of its own, so nothing is to be closed. */
export function openHost(options: OpenHostOptions = {}): Host {
  const { socketPath, url, token, answerMsMax } = options;
  if (url !== undefined && socketPath !== undefined) throw new TypeError(`A host is named by a socket (${socketPath}) or by a URL (${url}), not by both.`);
  return new RemoteHost({ ...placeOf(url === undefined ? { socketPath: socketPath ?? defaultApiSocketPath() } : { url, token }), answerMsMax });
}

class RemoteHost implements Host {
  readonly #place: Place;

  constructor(place: Place) {
    this.#place = place;
  }

  host(): Promise<HostView> {
    return this.#ask({ method: 'GET', path: '/v1/host' });
  }

  async adapters(): Promise<readonly AdapterView[]> {
    return (await this.#ask<{ readonly adapters: readonly AdapterView[] }>({ method: 'GET', path: '/v1/adapters' })).adapters;
  }

  setAdapterMode(id: string, mode: AdapterMode): Promise<AdapterView> {
    return this.#ask({ method: 'PATCH', path: `/v1/adapters/${encodeURIComponent(id)}`, body: { mode } });
  }

  setAdapterScheduling(id: string, change: Partial<AdapterScheduling>): Promise<AdapterView> {
    return this.#ask({ method: 'PATCH', path: `/v1/adapters/${encodeURIComponent(id)}/scheduling`, body: change });
  }

  async partitions(): Promise<readonly PartitionView[]> {
    return (await this.#ask<{ readonly partitions: readonly PartitionView[] }>({ method: 'GET', path: '/v1/partitions' })).partitions;
  }

  partition(name: string): Promise<PartitionView> {
    return this.#ask({ method: 'GET', path: partitionPath(name) });
  }

  createPartition(request: PartitionRequest): Promise<PartitionView> {
    return this.#ask({ method: 'POST', path: '/v1/partitions', body: request });
  }

  changePartition(name: string, change: PartitionChange): Promise<PartitionView> {
    return this.#ask({ method: 'PATCH', path: partitionPath(name), body: change });
  }

  async removePartition(name: string, { force }: { readonly force: boolean }): Promise<void> {
    await call(this.#place, { method: 'DELETE', path: `${partitionPath(name)}${force ? '?force=true' : ''}` });
  }

  unblockPartition(name: string): Promise<PartitionView> {
    return this.#ask({ method: 'POST', path: `${partitionPath(name)}/unblock` });
  }

  async largestAllocations(name: string, { countMax }: { readonly countMax: number }): Promise<readonly Allocation[]> {
    const path = `${partitionPath(name)}/allocations?count=${countMax}`;
    return (await this.#ask<{ readonly allocations: readonly Allocation[] }>({ method: 'GET', path })).allocations;
  }

  async contexts(): Promise<readonly ContextView[]> {
    return (await this.#ask<{ readonly contexts: readonly ContextView[] }>({ method: 'GET', path: '/v1/contexts' })).contexts;
  }

  async endContext(id: number): Promise<void> {
    await call(this.#place, { method: 'DELETE', path: `/v1/contexts/${id}` });
  }

  async logLines({ countMax }: { readonly countMax: number }): Promise<readonly string[]> {
    return (await this.#ask<{ readonly lines: readonly string[] }>({ method: 'GET', path: `/v1/logs?lines=${countMax}` })).lines;
  }

  caller(): Promise<CallerView> {
    return this.#ask({ method: 'GET', path: '/v1/caller' });
  }

  async tokens(): Promise<readonly TokenView[]> {
    return (await this.#ask<{ readonly tokens: readonly TokenView[] }>({ method: 'GET', path: '/v1/tokens' })).tokens;
  }

  createToken(request: TokenRequest): Promise<IssuedToken> {
    return this.#ask({ method: 'POST', path: '/v1/tokens', body: request });
  }

  rotateToken(id: string, rotation: RotationRequest): Promise<IssuedToken> {
    return this.#ask({ method: 'POST', path: `/v1/tokens/${encodeURIComponent(id)}/rotate`, body: rotation });
  }

  async revokeToken(id: string): Promise<void> {
    await call(this.#place, { method: 'DELETE', path: `/v1/tokens/${encodeURIComponent(id)}` });
  }

  usage(): Promise<UsageReport> {
    return this.#ask({ method: 'GET', path: '/v1/usage' });
  }

  async auditEntries({ countMax }: { readonly countMax: number }): Promise<readonly AuditEntry[]> {
    return (await this.#ask<{ readonly entries: readonly AuditEntry[] }>({ method: 'GET', path: `/v1/audit?count=${countMax}` })).entries;
  }

  events(options: { readonly after?: number; readonly signal?: AbortSignal } = {}): AsyncGenerator<EventFrame, void, void> {
    return eventStream(this.#place, options);
  }

  metrics(): Promise<string> {
    return call(this.#place, { method: 'GET', path: '/metrics' });
  }

  /** The host is trusted, and its answers are held to their schemas by its tests: this is where they become types. */
  async #ask<T>(what: Call): Promise<T> {
    return JSON.parse(await call(this.#place, what)) as T;
  }
}

function partitionPath(name: string): string {
  return `/v1/partitions/${encodeURIComponent(name)}`;
}
