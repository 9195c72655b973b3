import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import type { FastifyInstance } from 'fastify';
import { ApiError } from './api-error.ts';
import { type Admitted, createApplication } from './application.ts';
import type { EventSockets } from './events/event-sockets.ts';
import type { Gate } from './gate.ts';
import { API_LIMITS } from './limits.ts';
import { refuseResponse, refuseSocket } from './raw-answer.ts';

export interface DoorLimits {
  readonly connectionsMax: number;
  readonly requestMsMax: number;
}

export interface DoorOptions {
  readonly actions: PfActions;
  readonly access: HostAccess;
  readonly gate: Gate;
  readonly events: EventSockets;
  readonly onFault: (error: unknown) => void;
  readonly limits: DoorLimits;
}

/** One way in: an HTTP server, a gate before it, and the routes behind. */
export class Door {
  readonly #gate: Gate;
  readonly #access: HostAccess;
  /** Whom the gate has let in with each request that is being answered. */
  readonly #callers = new WeakMap<IncomingMessage, Admitted>();
  readonly #events: EventSockets;
  readonly #limits: DoorLimits;
  readonly #application: FastifyInstance;
  readonly #server: Server;
  /** A Unix socket, from when it listens on. */
  #isLocal = false;

  constructor({ actions, access, gate, events, onFault, limits }: DoorOptions) {
    this.#gate = gate;
    this.#access = access;
    this.#events = events;
    this.#limits = limits;
    this.#application = createApplication({
      actions, access, onFault,
      callerOf: (request) => this.#admitted(request),
      makeServer: (handle) => this.#makeServer(handle),
    });
    this.#server = this.#application.server;
  }

  /** Resolves when it listens. `listen` must bind before it returns, so that whoever calls can hold a umask around it. */
  async open(listen: (server: Server) => void): Promise<void> {
    await this.#application.ready();
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.once('listening', () => {
        this.#server.off('error', reject);
        this.#isLocal = typeof this.#server.address() === 'string';
        resolve();
      });
      listen(this.#server);
    });
  }

  address(): ReturnType<Server['address']> {
    return this.#server.address();
  }

  /** Takes nobody in any more, and resolves when those inside have their answers. */
  async close(): Promise<void> {
    // Answers say from now on that their connection closes.
    await this.#application.close();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #makeServer(handle: (request: IncomingMessage, response: ServerResponse) => void): Server {
    const { connectionsMax, requestMsMax } = this.#limits;
    const server = createServer(
      {
        maxHeaderSize: API_LIMITS.headerBytesMax,
        requestTimeout: requestMsMax,
        headersTimeout: requestMsMax,
        // Node looks for late ones this often only; its default would double the time.
        connectionsCheckingInterval: Math.ceil(requestMsMax / 10),
        keepAliveTimeout: API_LIMITS.idleMsMax,
        // The gate looks at it, where it matters.
        requireHostHeader: false,
      },
      (request, response) => {
        const refused = this.#refusal(request);
        if (refused === undefined) handle(request, response);
        else refuseResponse(response, refused);
      },
    );
    server.maxConnections = connectionsMax;
    server.prependListener('connection', (socket) => {
      if (!this.#gate.admitConnection(socket)) socket.destroy();
    });
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
    server.prependListener('clientError', (error: NodeJS.ErrnoException, socket) => refuseClient(error, socket as Socket, requestMsMax));
    return server;
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    try {
      this.#events.take(this.#gate.admit(request), request, socket, head);
    } catch (error) {
      refuseSocket(socket, mustBeApiError(error));
    }
  }

  /** Nothing reaches the routes that the gate has not let in. */
  #admitted(request: IncomingMessage): Admitted {
    const admitted = this.#callers.get(request);
    if (admitted === undefined) throw new Error('A request has passed by the gate.');
    return admitted;
  }

  /** Who changes something is written down; a connection may be gone by the time that it is. */
  #peerOf({ method, socket }: IncomingMessage): string {
    if (method === 'GET') return '';
    return this.#isLocal ? this.#access.peerOf(socket) : (socket.remoteAddress ?? GONE);
  }

  #refusal(request: IncomingMessage): ApiError | undefined {
    try {
      this.#callers.set(request, { caller: this.#gate.admit(request), peer: this.#peerOf(request) });
      return undefined;
    } catch (error) {
      return mustBeApiError(error);
    }
  }
}

/** A peer over TCP that has reset its connection before its request was read has no address any more. */
const GONE = 'gone';

function mustBeApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  throw error;
}

/** What Node's parser did not take for a request. */
function refuseClient(error: NodeJS.ErrnoException, socket: Socket, requestMsMax: number): void {
  if (error.code === 'ECONNRESET' || !socket.writable) socket.destroy();
  else refuseSocket(socket, clientError(error.code, requestMsMax));
}

function clientError(code: string | undefined, requestMsMax: number): ApiError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ApiError('headers-too-large', `The headers are larger than the limit (${API_LIMITS.headerBytesMax} bytes).`);
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new ApiError('request-timeout', `The request was not complete within ${requestMsMax} ms.`);
  return new ApiError('bad-request', 'This is no HTTP request.');
}
