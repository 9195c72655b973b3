import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { ApiError } from '../api-error.ts';
import { refuseSocket } from '../raw-answer.ts';
import { EVENTS_PATH } from '../routes/table.ts';
import { request } from '../schemas/schema.ts';
import { checkOf } from '../validation.ts';
import type { EventFeed, Listener } from './event-feed.ts';

/** How a listener's WebSocket ends. 4000 and up are an application's own. */
export const CLOSE_CODES = { hostEnds: 1001, listenerSpeaks: 1008, tooSlow: 4001 } as const;

export interface EventLimits {
  readonly listenersMax: number;
  readonly listenerBytesMax: number;
  readonly listenerMessageBytesMax: number;
  readonly listenerCloseMsMax: number;
  readonly pingMs: number;
}

const checkQuery = checkOf(request({ after: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER } }, []), 'url') as (query: unknown) => { readonly after?: number };

/** The WebSockets of `/v1/events`, over both ways in. */
export class EventSockets {
  readonly #feed: EventFeed;
  readonly #limits: EventLimits;
  readonly #server: WebSocketServer;
  /** Those that are closing, too: until they are gone they hold what they have not read. */
  readonly #sockets = new Map<WebSocket, SocketListener>();
  readonly #pings: NodeJS.Timeout;

  constructor(feed: EventFeed, limits: EventLimits) {
    this.#feed = feed;
    this.#limits = limits;
    this.#server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: limits.listenerMessageBytesMax });
    this.#server.on('wsClientError', (error, socket) => refuseSocket(socket, new ApiError('bad-request', `The WebSocket's handshake is not right: ${error.message}.`)));
    this.#pings = setInterval(() => this.#ping(), limits.pingMs).unref();
  }

  /** Takes the socket of an upgrade that the gate has let through. Throws an `ApiError` where it is not taken. */
  take(message: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path, query] = (message.url ?? '').split(/\?(.*)/s);
    if (path !== EVENTS_PATH || message.method !== 'GET' || message.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new ApiError('bad-request', `Upgrade (${String(message.headers.upgrade)}) is refused; a WebSocket is at ${EVENTS_PATH}.`);
    }
    const { after } = checkQuery(Object.fromEntries(new URLSearchParams(query)));
    if (this.#sockets.size >= this.#limits.listenersMax) {
      throw new ApiError('listeners-exhausted', `${this.#sockets.size} listen to events already, which is the limit (${this.#limits.listenersMax}).`);
    }
    this.#server.handleUpgrade(message, socket, head, (webSocket) => this.#attach(webSocket, after));
  }

  /** Each listener is told that the host ends. */
  close(): void {
    clearInterval(this.#pings);
    for (const listener of this.#sockets.values()) listener.end(CLOSE_CODES.hostEnds, 'The host ends.');
    this.#feed.close();
  }

  #attach(socket: WebSocket, after: number | undefined): void {
    const listener = new SocketListener(socket, this.#limits, () => this.#feed.detach(listener));
    this.#sockets.set(socket, listener);
    socket.on('close', () => {
      this.#feed.detach(listener);
      this.#sockets.delete(socket);
    });
    // A broken frame or connection: `close` follows.
    socket.on('error', () => this.#feed.detach(listener));
    socket.on('message', () => listener.end(CLOSE_CODES.listenerSpeaks, 'A listener has nothing to say.'));
    this.#feed.attach(listener, after);
  }

  #ping(): void {
    for (const [socket, listener] of this.#sockets) {
      if (listener.isAlive()) socket.ping();
      else socket.terminate();
    }
  }
}

class SocketListener implements Listener {
  readonly #socket: WebSocket;
  readonly #limits: EventLimits;
  readonly #onEnd: () => void;
  #answered = true;
  #ended = false;

  constructor(socket: WebSocket, limits: EventLimits, onEnd: () => void) {
    this.#socket = socket;
    this.#limits = limits;
    this.#onEnd = onEnd;
    socket.on('pong', () => (this.#answered = true));
  }

  send(frame: string): void {
    if (this.#ended) return;
    const { listenerBytesMax } = this.#limits;
    if (this.#socket.bufferedAmount + Buffer.byteLength(frame) <= listenerBytesMax) this.#socket.send(frame);
    else this.end(CLOSE_CODES.tooSlow, `More than ${listenerBytesMax} bytes of events are unread.`);
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
