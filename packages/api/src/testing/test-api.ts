import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiServerOptions, createApiServer } from '../server.ts';
import { MemoryAccess } from './memory-access.ts';
import { MemoryActions } from './memory-actions.ts';

export interface RawRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** As it is: a string is not made JSON of. */
  readonly body?: string | Buffer;
}
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Null where the text is no JSON. */
  readonly json: unknown;
}

/** A server over a host of figures, on a real Unix socket in a directory of its own, and on TCP. */
export interface TestApi {
  readonly actions: MemoryActions;
  readonly access: MemoryAccess;
  readonly socketPath: string;
  readonly port: number;
  readonly faults: readonly unknown[];
  /** Over the Unix socket, with nothing that a client would add or hold back. */
  ask(request: RawRequest): Promise<RawAnswer>;
  askTcp(request: RawRequest): Promise<RawAnswer>;
  /** Sends bytes over the Unix socket, and resolves with all that comes back. */
  raw(text: string): Promise<string>;
  /** As where the daemon has ended; and, at the same socket, where the next one has begun. */
  stopListening(): Promise<void>;
  listenAgain(): Promise<void>;
  close(): Promise<void>;
}

export const TEST_TOKEN = 'a-token-for-tests-of-32-letters-or-more';

export async function openTestApi(options: Partial<ApiServerOptions> = {}): Promise<TestApi> {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-api-'));
  const socketPath = join(directory, 'api.sock');
  const actions = new MemoryActions();
  const access = new MemoryAccess(actions);
  const faults: unknown[] = [];
  const newServer = (): ReturnType<typeof createApiServer> => createApiServer({ actions, access, token: TEST_TOKEN, onFault: (error) => faults.push(error), ...options });
  let server = newServer();
  await server.listenOnSocket(socketPath);
  const { port } = await server.listenOnTcp({ port: 0 });
  return {
    actions,
    access,
    socketPath,
    port,
    faults,
    ask: (what) => send({ socketPath }, what),
    askTcp: (what) => send({ host: '127.0.0.1', port }, what),
    raw: (text) => exchange(socketPath, text),
    stopListening: async () => {
      await server.close();
      rmSync(socketPath, { force: true });
    },
    listenAgain: async () => {
      server = newServer();
      await server.listenOnSocket(socketPath);
    },
    close: async () => {
      await server.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function send(where: object, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined || 'transfer-encoding' in headers ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request({ ...where, method, path, agent: false, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

function exchange(socketPath: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => text !== '' && socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => (answer += String(chunk)));
    socket.on('end', () => resolve(answer));
    socket.on('error', reject);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
