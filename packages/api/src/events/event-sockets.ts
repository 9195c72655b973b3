import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Caller } from '@gpup/pf/access';
import { WebSocketServer, type WebSocket } from 'ws';
import { ApiError } from '../api-error.ts';
import { refuseSocket } from '../raw-answer.ts';
import { EVENTS_PATH } from '../routes/table.ts';
import { request } from '../schemas/schema.ts';
import { checkOf } from '../validation.ts';
import type { Listener } from './event-feed.ts';
import type { EventFeeds, TenantFeedLimits } from './event-feeds.ts';

/** How a listener's WebSocket ends. 4000 and up are an application's own. */
export const CLOSE_CODES = { hostEnds: 1001, listenerSpeaks: 1008, tooSlow: 4001, tokenEnds: 4003 } as const;

export interface EventLimits extends TenantFeedLimits {
  readonly listenersMax: number;
  readonly tenantListenersMax: number;
  readonly tenantListenersTotalMax: number;
  readonly listenerBytesMax: number;
  readonly tenantListenerBytesMax: number;
  readonly listenerMessageBytesMax: number;
  readonly listenerCloseMsMax: number;
  readonly pingMs: number;
}

const checkQuery = checkOf(request({ after: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } }, []), 'url') as (query: unknown) => { readonly after?: number };

/** The WebSockets of `/v1/events`, over both ways in. */
export class EventSockets {
  readonly #feeds: EventFeeds;
  readonly #limits: EventLimits;
  readonly #server: WebSocketServer;
  /** Those that are closing, too: until they are gone they hold what they have not read. */
  readonly #sockets = new Map<WebSocket, SocketListener>();
  readonly #pings: NodeJS.Timeout;

  constructor(feeds: EventFeeds, limits: EventLimits) {
    this.#feeds = feeds;
    this.#limits = limits;
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: limits.listenerMessageBytesMax });
    this.#server.on('wsClientError', (error, socket) => refuseSocket(socket, new ApiError('bad-request', `The WebSocket's handshake is not right: ${error.message}.`)));
    this.#pings = setInterval(() => this.#ping(), limits.pingMs).unref();
  }

  /** Takes the socket of an upgrade that the gate has let through. Throws an `ApiError` where it is not taken. */
  take(caller: Caller, message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, query] = (message.url ?? '').split(/\?(.*)/s);
    if (path !== EVENTS_PATH || message.method !== 'GET' || message.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new ApiError('bad-request', `Upgrade (${String(message.headers.upgrade)}) is refused; a WebSocket is at ${EVENTS_PATH}.`);
    }
    const { after } = checkQuery(Object.fromEntries(new URLSearchParams(query)));
    this.#admitListener(caller);
    this.#server.handleUpgrade(message, socket, head, (webSocket) => this.#attach(webSocket, caller, after));
  }

  /** Operators have places of their own, whatever tenants do. A tenant is told of its own listeners alone. */
  #admitListener({ tenant }: Caller): void {
    const { listenersMax, tenantListenersMax, tenantListenersTotalMax } = this.#limits;
    const alike = [...this.#sockets.values()].filter((listener) => (listener.tenant === null) === (tenant === null));
    const own = alike.filter((listener) => listener.tenant === tenant).length;
    const ownMax = tenant === null ? listenersMax : tenantListenersMax;
    if (own >= ownMax) throw new ApiError('listeners-exhausted', `${own} listen to events already, which is the limit (${ownMax}).`);
    if (tenant !== null && alike.length >= tenantListenersTotalMax) throw new ApiError('listeners-exhausted', 'The host has no room for a further listener.');
  }

  /** Each listener is told that the host ends. */
  close(): void {
    clearInterval(this.#pings);
    for (const listener of this.#sockets.values()) listener.end(CLOSE_CODES.hostEnds, 'The host ends.');
    this.#feeds.close();
  }

  #attach(socket: WebSocket, caller: Caller, after: number | undefined): void {
    const feed = this.#feeds.of(caller);
    const listener = new SocketListener(socket, caller, this.#limits, () => feed.detach(listener));
    this.#sockets.set(socket, listener);
    socket.on('close', () => {
      feed.detach(listener);
      this.#sockets.delete(socket);
    });
    // A broken frame or connection: `close` follows.
    socket.on('error', () => feed.detach(listener));
    socket.on('message', () => listener.end(CLOSE_CODES.listenerSpeaks, 'A listener has nothing to say.'));
    feed.attach(listener, after);
  }

  #ping(): void {
    for (const [socket, listener] of this.#sockets) {
      if (!listener.mayListen()) continue;
      if (listener.isAlive()) socket.ping();
      else socket.terminate();
    }
  }
}

class SocketListener implements Listener {
  readonly #socket: WebSocket;
  readonly #caller: Caller;
  readonly #limits: EventLimits;
  readonly #bytesMax: number;
  readonly #onEnd: () => void;
  #answered = true;
  #ended = false;

  constructor(socket: WebSocket, caller: Caller, limits: EventLimits, onEnd: () => void) {
    this.#socket = socket;
    this.#caller = caller;
    this.#limits = limits;
    this.#bytesMax = caller.tenant === null ? limits.listenerBytesMax : limits.tenantListenerBytesMax;
    this.#onEnd = onEnd;
    socket.on('pong', () => (this.#answered = true));
  }

  get tenant(): string | null {
    return this.#caller.tenant;
  }

  send(frame: string): void {
    if (this.#ended || !this.mayListen()) return;
    if (this.#socket.bufferedAmount + Buffer.byteLength(frame) <= this.#bytesMax) this.#socket.send(frame);
    else this.end(CLOSE_CODES.tooSlow, `More than ${this.#bytesMax} bytes of events are unread.`);
  }

  /** Ends it where its token has been revoked or rotated away since it came: it hears nothing more. */
  mayListen(): boolean {
    const isCurrent = this.#caller.isCurrent();
    if (!isCurrent) this.end(CLOSE_CODES.tokenEnds, 'The token is not taken any more.');
    return isCurrent;
  }

  end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    this.#socket.close(code, reason);
    // One that does not read does not answer either.
    setTimeout(() => this.#socket.terminate(), this.#limits.listenerCloseMsMax).unref();
  }

  /** Whether it has answered since it was asked this last. */
  isAlive(): boolean {
    const answered = this.#answered;
    this.#answered = false;
    return answered;
  }
}
