import { mkdtempSync, rmSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';

/** What the host does with each connection, in order: write something and stay, or close. */
export interface Answer {
  readonly write?: string;
  readonly close?: boolean;
}

/** A host that says what it is told to say. In a thread of its own, since some guests block theirs. */
export class ScriptedHost {
  readonly socketPath: string;
  readonly #folder: string;
  readonly #worker: Worker;

  private constructor(folder: string, worker: Worker) {
    this.#folder = folder;
    this.#worker = worker;
    this.socketPath = join(folder, 'host.sock');
  }

  static async start(answers: readonly Answer[]): Promise<ScriptedHost> {
    const folder = mkdtempSync(join(tmpdir(), 'gpup-test-'));
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: { socketPath: join(folder, 'host.sock'), answers } });
    await new Promise((resolve) => worker.once('message', resolve));
    return new ScriptedHost(folder, worker);
  }

  async stop(): Promise<void> {
    await this.#worker.terminate();
    rmSync(this.#folder, { recursive: true });
  }
}

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const { socketPath, answers } = workerData as { socketPath: string; answers: readonly Answer[] };
  let connectionCount = 0;
  createServer((socket: Socket) => {
    const answer = answers[connectionCount++] ?? {};
    socket.on('error', () => {});
    // The answer comes after the guest's line, as a real host's does.
    socket.once('data', () => {
      if (answer.write !== undefined) socket.write(answer.write);
      if (answer.close === true) socket.end();
    });
  }).listen(socketPath, () => port.postMessage('listening'));
}
