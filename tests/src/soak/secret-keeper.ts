import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('./secret-guest.js', import.meta.url));

export interface Kept {
  readonly rounds: number;
  readonly slowestMs: number;
}

/** A guest process that keeps a secret (`secret-guest.ts`), as its parent sees it. */
export class SecretKeeper {
  readonly #child: ChildProcess;
  readonly #ended: Promise<string>;
  #lastLine = '';
  #errors = '';
  /** Resolves when the guest has compared its secret once; rejects when it ends before. */
  readonly verified: Promise<void>;

  constructor(socketPath: string, secret: number) {
    this.#child = spawn(process.execPath, [PROGRAM, String(secret)], { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, GPUP_SOCKET: socketPath } });
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-ERROR_CHARACTERS_MAX);
    });
    this.#ended = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve(signal ?? `status ${code}`)));
    this.verified = new Promise((resolve, reject) => {
      createInterface(this.#child.stdout as NodeJS.ReadableStream).on('line', (line) => {
        this.#lastLine = line;
        if (line === 'verified') resolve();
      });
      void this.#ended.then((how) => reject(this.#failure(how)));
    });
    // A failure is told by `end`, also where nobody waits for this.
    this.verified.catch(() => {});
    this.#child.stdin?.on('error', () => {});
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** It compares its secret without a pause from now on. */
  hurry(): void {
    this.#child.stdin?.write('\n');
  }

  /** Rejects if its secret was not kept all the time. */
  async end(): Promise<Kept> {
    this.#child.stdin?.end();
    const how = await this.#ended;
    const [, rounds, slowestMs] = /^done (\d+) (\d+)$/.exec(this.#lastLine) ?? [];
    if (how !== 'status 0' || rounds === undefined) throw this.#failure(how);
    return { rounds: Number(rounds), slowestMs: Number(slowestMs) };
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #failure(how: string): Error {
    return new Error(`Guest ${this.pid} has ended (${how}): ${this.#lastLine} ${this.#errors}`.trim());
  }
}

const ERROR_CHARACTERS_MAX = 500;
