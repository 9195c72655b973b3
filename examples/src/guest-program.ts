import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { PRELOAD_PATH, SOCKET_VARIABLE, TRANSPORT_VARIABLE } from '@gpup/guest';
import { type AttackEvent, type GuestEvent, type ResultEvent, decodeGuestEvent } from './guest-events.ts';

/** Beyond this without a word a guest has hung. The longest silence of ours is the compiling of a scene's shaders. */
const SILENCE_MS_MAX = 120_000;
/** From the request to end to the kill. */
const END_MS_MAX = 2_000;
const ERROR_TAIL_CHARACTERS = 2_000;

export interface GuestOptions {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Where its host listens. */
  readonly socketPath: string;
  /** Something about it has changed. */
  readonly onChange: (guest: GuestProgram, event: GuestEvent | null) => void;
}

/**
 * A guest: a Node process that runs a WebGPU program, as `gpup run` starts one. It has no GPU but the one
 * that the driver offers, and gets a partition when it asks for an adapter.
 */
export class GuestProgram {
  readonly name: string;
  readonly pid: number;
  step = 0;
  steps = 0;
  readonly losses: { readonly step: number; readonly loss: number }[] = [];
  readonly attacks: AttackEvent[] = [];
  result: ResultEvent | null = null;
  /** Why it is not going to succeed, or has not. */
  failure: string | null = null;
  seconds = 0;
  isRunning = true;
  /** Resolves when the process is gone and all that it printed has been read. */
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  readonly #onChange: GuestOptions['onChange'];
  readonly #startedMs = performance.now();
  #lastWord = '';
  #silence: NodeJS.Timeout | undefined;

  constructor({ name, program, args, socketPath, onChange }: GuestOptions) {
    this.name = name;
    this.#onChange = onChange;
    this.#child = spawn(process.execPath, ['--import', pathToFileURL(PRELOAD_PATH).href, program, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, [SOCKET_VARIABLE]: socketPath, [TRANSPORT_VARIABLE]: 'aperture' },
    });
    this.pid = this.#child.pid ?? 0;
    this.#expectWords();
    this.ended = this.#listen();
  }

  get succeeded(): boolean {
    return !this.isRunning && this.failure === null && this.result?.ok === true;
  }

  get elapsedSeconds(): number {
    return this.isRunning ? (performance.now() - this.#startedMs) / 1000 : this.seconds;
  }

  /** Asks the process to end, and makes it end if it does not. */
  end(): void {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    setTimeout(() => this.#child.kill('SIGKILL'), END_MS_MAX).unref();
  }

  async #listen(): Promise<void> {
    const { stdout, stderr } = this.#child;
    if (stdout !== null) createInterface({ input: stdout }).on('line', (line) => this.#read(line));
    stderr?.on('data', (chunk: Buffer) => {
      this.#lastWord = (this.#lastWord + chunk.toString('utf8')).slice(-ERROR_TAIL_CHARACTERS);
    });
    await new Promise<void>((resolve) => {
      this.#child.once('error', (error) => {
        this.failure ??= `it does not start: ${error.message}`;
        resolve();
      });
      // 'close' comes after 'exit' and after the last byte that the process wrote.
      this.#child.once('close', (code, signal) => {
        this.#judge(signal ?? (code === 0 ? null : `exit status ${code}`));
        resolve();
      });
    });
    clearTimeout(this.#silence);
    this.seconds = (performance.now() - this.#startedMs) / 1000;
    this.isRunning = false;
    this.#onChange(this, null);
  }

  /** `ending` says how the process ended, null if as it should. */
  #judge(ending: string | null): void {
    if (this.result !== null && ending === null) return;
    const lastLine = this.#lastWord.split('\n').findLast((line) => /^[^\s]/.test(line) && !line.startsWith('Node.js v')) ?? '';
    this.failure ??= this.result === null ? `ended without a result (${ending ?? 'exit status 0'}). ${lastLine}`.trim() : (ending ?? '');
  }

  #read(line: string): void {
    const event = decodeGuestEvent(line);
    if (event === null) return;
    this.#expectWords();
    switch (event.event) {
      case 'progress':
        this.step = event.step;
        this.steps = event.steps;
        if (event.loss !== undefined) this.losses.push({ step: event.step, loss: event.loss });
        break;
      case 'attack':
        this.attacks.push(event);
        break;
      case 'done':
        this.result = event;
        if (!event.ok) this.failure ??= event.verdict;
        break;
      case 'mismatch':
        this.failure ??= `step ${event.step} is off by ${event.error}, allowed are ${event.tolerance}`;
        break;
      case 'error':
        this.failure ??= event.message;
        break;
    }
    this.#onChange(this, event);
  }

  #expectWords(): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => {
      this.failure ??= `said nothing for ${SILENCE_MS_MAX / 1000} s`;
      this.#child.kill('SIGKILL');
    }, SILENCE_MS_MAX);
  }
}
