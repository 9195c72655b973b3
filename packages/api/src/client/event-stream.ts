import { connect } from 'node:net';
import type { HostEvent } from '@gpup/pf/actions';
import { type ClientOptions, WebSocket } from 'ws';
import { HostApiError } from './host-api-error.ts';
import { type Place, authorization, connectionError, urlAt } from './place.ts';
import { refusalIn, textOf } from './request.ts';

/** From here on the listener hears everything. Another `startedMs` than before: the numbers have begun anew. */
export interface Hello {
  readonly type: 'hello';
  readonly startedMs: number;
  readonly newestSequence: number;
}
/** Events after `after` are not kept any more, or have never been: look at the state afresh. */
export interface Missed {
  readonly type: 'missed';
  readonly after: number;
  readonly oldestSequence: number;
}
export type EventFrame = Hello | Missed | HostEvent;

/** What may wait for a program that is slower than its host. The host has limits of its own for what it does not send. */
const WAITING_FRAMES_MAX = 4096;
const FRAME_BYTES_MAX = 1 << 20;

/**
 * The host's events from the moment it has let us in. Ends without an error when `signal` fires; throws a `HostApiError`
 * where the connection fails or the host ends it.
 */
export async function* eventStream(place: Place, { after, signal }: { readonly after?: number; readonly signal?: AbortSignal }): AsyncGenerator<EventFrame, void, void> {
  const socket = openSocket(place, after);
  const inbox = new Inbox(socket, place);
  const stop = (): void => inbox.stop();
  if (signal?.aborted === true) stop();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for (;;) {
      const frame = await inbox.next();
      if (frame === undefined) return;
      yield frame;
    }
  } finally {
    signal?.removeEventListener('abort', stop);
    socket.terminate();
  }
}

function openSocket(place: Place, after: number | undefined): WebSocket {
  const url = urlAt(place, after === undefined ? '/v1/events' : `/v1/events?after=${after}`);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  const options = { perMessageDeflate: false, maxPayload: FRAME_BYTES_MAX, headers: authorization(place) };
  if (place.kind === 'url') return new WebSocket(url, options);
  // `ws+unix:` cuts a path at its first colon. The types lack an option of node:http that is passed on.
  return new WebSocket(url, { ...options, createConnection: () => connect(place.path) } as ClientOptions);
}

/** Frames that have come and not been taken yet. One reader at a time. */
class Inbox {
  readonly #frames: EventFrame[] = [];
  #end: { readonly error: HostApiError | undefined } | undefined;
  #wake: (() => void) | undefined;

  constructor(socket: WebSocket, place: Place) {
    socket.on('message', (data) => {
      this.#frames.push(JSON.parse(String(data)) as EventFrame);
      if (this.#frames.length >= WAITING_FRAMES_MAX) socket.pause();
      this.#wake?.();
    });
    socket.on('unexpected-response', (_request, response) => {
      textOf(response, place).then(
        (text) => this.#finish(refusalIn(place, { status: response.statusCode ?? 0, text })),
        (error: HostApiError) => this.#finish(error),
      );
    });
    socket.on('error', (error) => this.#finish(connectionError(place, error)));
    socket.on('close', (code, reason) => this.#finish(new HostApiError('host-gone', `The host ended the events (${code}): ${String(reason) || 'its connection is gone.'}`)));
    this.#resume = () => {
      if (socket.isPaused && this.#frames.length === 0) socket.resume();
    };
  }

  readonly #resume: () => void;

  /** Undefined at an end that was asked for. What came before an end is given out first. */
  async next(): Promise<EventFrame | undefined> {
    for (;;) {
      const frame = this.#frames.shift();
      this.#resume();
      if (frame !== undefined) return frame;
      if (this.#end?.error !== undefined) throw this.#end.error;
      if (this.#end !== undefined) return undefined;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  stop(): void {
    this.#frames.length = 0;
    this.#finish(undefined);
  }

  #finish(error: HostApiError | undefined): void {
    this.#end ??= { error };
    this.#wake?.();
  }
}
