import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { GuestCommand, GuestEndLine, GuestLine } from '../guest/lines.ts';
import type { Place } from './place.ts';

const PROGRAM = fileURLToPath(new URL('../guest/main.js', import.meta.url));
const ERROR_CHARACTERS_MAX = 2_000;

export interface GuestOptions {
  readonly id: number;
  readonly place: Place;
  readonly socketPath: string;
  readonly transport: 'aperture' | 'stream';
  readonly pauseMs: number;
}

export interface GuestEnd {
  /** Exit status, or the signal's name. */
  readonly status: number | string;
  readonly line: GuestEndLine | null;
  readonly errors: string;
}

/** A guest has ended before it could answer. */
export class GuestEnded extends Error {
  override readonly name = 'GuestEnded';
}

/** A guest process of a soak, as its parent sees it. */
export class GuestProcess {
  readonly id: number;
  readonly place: Place;
  readonly transport: GuestOptions['transport'];
  readonly ended: Promise<GuestEnd>;
  /** Resolves when it has its GPU, or has ended. */
  readonly settled: Promise<void>;
  state: 'starting' | 'running' | 'ended' = 'starting';
  isPaused = false;
  rounds = 0;
  verifiedBytes = 0;
  /** When it last showed that it gets on. */
  signMs = performance.now();
  readonly #child: ChildProcess;
  readonly #answers = new Map<number, (value: unknown) => void>();
  readonly #allowed: RegExp[] = [];
  #isKilled = false;
  #askedCount = 0;
  #endLine: GuestEndLine | null = null;
  #errors = '';

  constructor({ id, place, socketPath, transport, pauseMs }: GuestOptions) {
    this.id = id;
    this.place = place;
    this.transport = transport;
    const env = { ...process.env, GPUP_SOCKET: socketPath, GPUP_TRANSPORT: transport };
    this.#child = spawn(process.execPath, [PROGRAM, String(id * 1_000_003), String(pauseMs)], { stdio: ['pipe', 'pipe', 'pipe'], env });
    this.#child.stdin?.on('error', () => {});
    this.#child.stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-ERROR_CHARACTERS_MAX);
    });
    this.ended = new Promise((resolve) => this.#child.once('close', (code, signal) => resolve(this.#end(signal ?? code ?? 0))));
    this.settled = new Promise((resolve) => {
      createInterface(this.#child.stdout as NodeJS.ReadableStream).on('line', (text) => {
        this.#take(JSON.parse(text) as GuestLine);
        if (this.state !== 'starting') resolve();
      });
      void this.ended.then(() => resolve());
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** Rejects with a GuestEnded where it ends before it has answered. */
  async ask<T>(command: GuestCommand): Promise<T> {
    const id = ++this.#askedCount;
    const answered = new Promise<T>((resolve) => this.#answers.set(id, (value) => resolve(value as T)));
    const over = this.ended.then(({ status }) => {
      throw new GuestEnded(`Guest ${this.id} has ended (${status}) before it has answered "${command.name}".`);
    });
    this.#child.stdin?.write(`${JSON.stringify({ id, command })}\n`);
    if (command.name === 'pause') this.isPaused = true;
    const value = await Promise.race([answered, over]);
    if (command.name === 'resume') this.isPaused = false;
    return value;
  }

  /** From now on it may be told this as the reason of its end, or of the host's refusal. */
  allow(...reasons: readonly RegExp[]): void {
    this.#allowed.push(...reasons);
  }

  /** Asks it to compare all that it has, and to end. */
  tellToEnd(): void {
    void this.ask({ name: 'end' }).catch(() => {});
    this.allow(TOLD);
  }

  kill(): void {
    this.#isKilled = true;
    this.#child.kill('SIGKILL');
  }

  /** What is wrong with its end, or null. */
  judge({ status, line, errors }: GuestEnd): string | null {
    if (status === 'SIGKILL' && this.#isKilled) return null;
    const text = endText(line);
    const isAllowed = line !== null && line.type !== 'wrong' && line.type !== 'error' && this.#allowed.some((reason) => reason.test(text));
    return isAllowed ? null : `Guest ${this.id} (process ${this.pid}, ${this.place}) has ended (${status}) after ${this.rounds} rounds: ${text} ${errors}`.trim();
  }

  #take(line: GuestLine): void {
    this.signMs = performance.now();
    if (line.type === 'ready') this.state = 'running';
    else if (line.type === 'answer') {
      this.#answers.get(line.id)?.(line.value);
      this.#answers.delete(line.id);
    } else if (line.type === 'round') {
      this.rounds = line.rounds;
      this.verifiedBytes = line.verifiedBytes;
    } else this.#endLine = line;
  }

  #end(status: number | string): GuestEnd {
    this.state = 'ended';
    return { status, line: this.#endLine, errors: this.#errors };
  }
}

const TOLD = /^done /;

function endText(line: GuestEndLine | null): string {
  if (line === null) return 'It has said nothing.';
  if (line.type === 'done') return `done ${line.rounds}`;
  return line.type === 'refused' ? `refused ${line.code}: ${line.text}` : `${line.type} ${line.text}`;
}
