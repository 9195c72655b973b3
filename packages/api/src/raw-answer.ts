import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { type ApiError, errorAnswer } from './api-error.ts';

/** Refuses before a request is anybody's, and closes: its body, if there is one, stays unread. */
export function refuseResponse(response: ServerResponse, error: ApiError): void {
  const { status, headers, body } = answerOf(error);
  response.writeHead(status, { ...headers, connection: 'close' });
  response.end(body);
}

/** The same where there is nothing but a socket: an upgrade, or what is no HTTP. Takes the socket. */
export function refuseSocket(socket: Duplex, error: ApiError): void {
  const { status, headers, body } = answerOf(error);
  const lines = Object.entries({ ...headers, connection: 'close' }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.on('error', () => socket.destroy());
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`);
}

function answerOf(error: ApiError): { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const { status, headers, body } = errorAnswer(error) as NonNullable<ReturnType<typeof errorAnswer>>;
  const text = JSON.stringify(body);
  return { status, headers: { ...headers, 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(text)) }, body: text };
}
