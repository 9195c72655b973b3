import { type ClientRequest, type IncomingMessage, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { API_LIMITS } from '../limits.ts';
import { HostApiError } from './host-api-error.ts';
import { type Place, authorization, connectionError, nameOf, urlAt } from './place.ts';

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Asks the host, and resolves with the answer's body. A connection of its own for each: none is kept while nobody asks. */
export async function call(place: Place, what: Call): Promise<string> {
  const answer = await answerTo(place, what);
  if (answer.status >= 200 && answer.status < 300) return answer.text;
  throw refusalIn(place, answer);
}

export function refusalIn(place: Place, { status, text }: Answer): HostApiError {
  const error = errorIn(text);
  if (error === undefined) return new HostApiError('bad-answer', `What is at ${nameOf(place)} answers with status ${status} and is no gpup host.`, { status });
  return new HostApiError(error.code, error.message, { status, field: error.field });
}

function answerTo(place: Place, { method, path, body }: Call): Promise<Answer> {
  const url = urlAt(place, path);
  const socket = place.kind === 'socket' ? { socketPath: place.path } : {};
  const text = body === undefined ? undefined : JSON.stringify(body);
  const type = text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
    // The path as it is: a URL would make `..` of a name mean something.
    const sent = send(url, { path, method, agent: false, ...socket, headers: { ...authorization(place), ...type } });
    // After an answer, a connection that fails is no news: then the promise is settled.
    sent.on('error', (error) => reject(error instanceof HostApiError ? error : connectionError(place, error)));
    limitAnswer(sent, place);
    sent.on('response', (response) => textOf(response, place).then((answered) => resolve({ status: response.statusCode ?? 0, text: answered }), reject));
    sent.end(text);
  });
}

function limitAnswer(sent: ClientRequest, place: Place): void {
  const { answerMsMax } = place;
  if (answerMsMax === undefined) return;
  const timer = setTimeout(() => sent.destroy(new HostApiError('no-answer', `The host at ${nameOf(place)} has not answered within ${answerMsMax} ms.`)), answerMsMax);
  sent.once('close', () => clearTimeout(timer));
}

export async function textOf(response: IncomingMessage, place: Place): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > API_LIMITS.answerBytesMax) throw new HostApiError('bad-answer', `The answer of ${nameOf(place)} is longer than the limit (${API_LIMITS.answerBytesMax} bytes).`);
    }
  } catch (error) {
    throw error instanceof HostApiError ? error : connectionError(place, error as NodeJS.ErrnoException);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function errorIn(text: string): { readonly code: string; readonly message: string; readonly field: string | undefined } | undefined {
  const { code, message, field } = (parsed(text) as { error?: Record<string, unknown> } | null)?.error ?? {};
  if (typeof code !== 'string' || typeof message !== 'string') return undefined;
  return { code, message, field: typeof field === 'string' ? field : undefined };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
