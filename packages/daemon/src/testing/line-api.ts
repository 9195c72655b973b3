/**
 * An API for tests: `{ method, args }` on a line, `{ result }` or `{ code, message }` on the next, one connection for each.
 * A connection that says `events` gets each event on a line of its own, after an empty one.
 */
import { type Socket, connect, createServer } from 'node:net';
import { rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { HostEvent, PfActions } from '@gpup/pf/actions';
import { Refusal } from '@gpup/pf/core';
import type { CreateApiServer } from '../api-server.ts';

const EVENTS = 'events';

export const createLineApi: CreateApiServer = ({ actions }) => {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.on('end', () => {
      if (text === EVENTS) return tellEvents(actions, socket);
      void answer(actions, text).then((line) => socket.end(line));
    });
  });
  return {
    listenOnSocket: (path) => {
      rmSync(path, { force: true });
      return new Promise((resolve) => server.listen(path, resolve));
    },
    listenOnTcp: (where) => Promise.resolve(where),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
};

function tellEvents(actions: PfActions, socket: Socket): void {
  const unsubscribe = actions.subscribe((event) => socket.write(`${JSON.stringify(event)}\n`));
  socket.on('close', unsubscribe);
  socket.write('\n');
}

async function answer(actions: PfActions, text: string): Promise<string> {
  try {
    const { method, args } = JSON.parse(text) as { method: keyof PfActions; args: unknown[] };
    const result: unknown = await (actions[method] as (...args: unknown[]) => unknown).call(actions, ...args);
    return JSON.stringify({ result: result ?? null });
  } catch (error) {
    const { code = 'bug', message } = error as Refusal;
    return JSON.stringify({ code, message });
  }
}

type Method = Exclude<keyof PfActions, 'subscribe'>;

/** Asks the daemon whose API is there. */
export function ask<M extends Method>(socketPath: string, method: M, ...args: Parameters<PfActions[M]>): Promise<Awaited<ReturnType<PfActions[M]>>> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    let text = '';
    socket.once('error', reject);
    socket.on('data', (chunk) => {
      text += String(chunk);
    });
    socket.once('close', () => {
      if (text === '') return reject(new Error('The daemon has not answered.'));
      const { result, code, message } = JSON.parse(text) as { result?: unknown; code?: string; message?: string };
      if (code !== undefined) reject(new Refusal(code, message ?? ''));
      else resolve(result as Awaited<ReturnType<PfActions[M]>>);
    });
    socket.end(JSON.stringify({ method, args }));
  });
}

/** Hands on each event of the daemon whose API is there. Resolves when the next one will be; lasts until the daemon ends. */
export function listen(socketPath: string, onEvent: (event: HostEvent) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(socketPath);
    socket.once('error', reject);
    createInterface({ input: socket }).on('line', (line) => {
      if (line === '') resolve();
      else onEvent(JSON.parse(line) as HostEvent);
    });
    socket.end(EVENTS);
  });
}
