import { lstatSync, unlinkSync } from 'node:fs';
import type { Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import { CallerRates, type CallerRateLimits } from './caller-rates.ts';
import { Callers } from './callers.ts';
import { Door, type DoorLimits } from './door.ts';
import type { BacklogLimits } from './events/backlog.ts';
import { EventFeeds } from './events/event-feeds.ts';
import { type EventLimits, EventSockets } from './events/event-sockets.ts';
import { type Gate, SocketGate, TcpGate } from './gate.ts';
import { API_LIMITS } from './limits.ts';
import { Strangers } from './strangers.ts';
import { Token } from './token.ts';

/** What tests make small. */
export type ServerLimits = CallerRateLimits & BacklogLimits & EventLimits & DoorLimits & { readonly strangersMax: number };

export interface ApiServerOptions {
  readonly actions: PfActions;
  readonly access: HostAccess;
  /** The operators' of the configuration, beside those that the host has itself. */
  readonly token?: string;
  /** By which names, besides `localhost` and addresses, the API may be called over TCP. */
  readonly hostNames?: readonly string[];
  /** Is told whatever is no refusal: a bug. The peer gets a 500 that says no more. */
  readonly onFault: (error: unknown) => void;
  readonly limits?: Partial<ServerLimits>;
  /** Monotonic, for the rates. */
  readonly nowMs?: () => number;
}

export interface ApiServer {
  /**
   * Listens on a Unix socket that only this user can open. A socket that a host before has left is replaced; one on which
   * somebody listens is not. (Two hosts that start at once are kept apart by the lock of their directory, not here.)
   */
  listenOnSocket(path: string): Promise<void>;
  /** Listens on TCP, where nobody gets in without a token. Port 0: any that is free. */
  listenOnTcp(where: { readonly host?: string; readonly port: number }): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes nobody in any more, tells listeners, and resolves when requests that run have their answers. */
  close(): Promise<void>;
}

/** The host's HTTP API over `actions`. It listens nowhere yet. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new Doors(options);
}

class Doors implements ApiServer {
  readonly #options: ApiServerOptions;
  readonly #limits: ServerLimits;
  readonly #callers: Callers;
  readonly #rates: CallerRates;
  readonly #events: EventSockets;
  readonly #doors: Door[] = [];

  constructor(options: ApiServerOptions) {
    const limits = { ...API_LIMITS, ...options.limits };
    this.#options = options;
    this.#limits = limits;
    this.#callers = new Callers(options.token === undefined ? undefined : new Token(options.token), options.access);
    this.#rates = new CallerRates(limits, options.nowMs ?? (() => performance.now()));
    this.#events = new EventSockets(new EventFeeds(options, limits), limits);
  }

  async listenOnSocket(path: string): Promise<void> {
    const pathBytes = Buffer.byteLength(path);
    if (pathBytes > SOCKET_PATH_BYTES_MAX) throw new RangeError(`Socket path (${path}) is ${pathBytes} bytes long, the limit is ${SOCKET_PATH_BYTES_MAX}.`);
    await removeStaleSocket(path);
    await this.#open(new SocketGate(this.#rates, this.#callers), (server) => listenPrivately(server, path));
  }

  async listenOnTcp({ host = '127.0.0.1', port }: { readonly host?: string; readonly port: number }): Promise<{ readonly host: string; readonly port: number }> {
    const strangers = new Strangers(this.#limits.strangersMax);
    const gate = new TcpGate({ rates: this.#rates, callers: this.#callers, strangers, hostNames: this.#options.hostNames ?? [] });
    const door = await this.#open(gate, (server) => server.listen({ host, port }));
    const address = door.address() as AddressInfo;
    return { host: address.address, port: address.port };
  }

  async close(): Promise<void> {
    this.#events.close();
    await Promise.all(this.#doors.map((door) => door.close()));
  }

  async #open(gate: Gate, listen: (server: Server) => void): Promise<Door> {
    const { actions, access, onFault } = this.#options;
    const door = new Door({ actions, access, gate, events: this.#events, onFault, limits: this.#limits });
    await door.open(listen);
    this.#doors.push(door);
    return door;
  }
}

/** sizeof(sockaddr_un.sun_path) less its final NUL. */
const SOCKET_PATH_BYTES_MAX = 107;

/** From its first moment nobody else can open it: a mode set afterwards would come too late. */
function listenPrivately(server: Server, path: string): void {
  const before = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
}

async function removeStaleSocket(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new Error(`There is something at ${path} that is no socket.`);
  await new Promise<void>((resolve, reject) => {
    const probe = connect({ path });
    probe.once('connect', () => {
      probe.destroy();
      reject(new Error(`Somebody listens on ${path} already.`));
    });
    probe.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNREFUSED') return reject(error);
      unlinkSync(path);
      resolve();
    });
  });
}
