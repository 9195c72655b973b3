import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { CLI_MAIN_PATH } from './processes.ts';

export interface Ended {
  /** Exit status, or the signal's name. */
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program whose output is collected. */
export class Program {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  #stderr = '';

  constructor(command: readonly [string, ...string[]], options: SpawnOptions = {}) {
    const [program, ...args] = command;
    this.child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk.toString('utf8');
    });
    this.child.stderr?.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString('utf8');
    });
    this.ended = new Promise((resolve, reject) => {
      this.child.once('error', reject);
      this.child.once('close', (code, signal) => resolve({ status: signal ?? code ?? 0, stdout: this.stdout, stderr: this.#stderr }));
    });
  }

  /** Resolves when the program has printed this. */
  async printed(text: string): Promise<void> {
    while (!this.stdout.includes(text)) {
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error(`It ended without printing "${text}": ${this.#stderr}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

export function node(...args: string[]): Promise<Ended> {
  return new Program([process.execPath, ...args]).ended;
}

export function gpup(args: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  return new Program([process.execPath, CLI_MAIN_PATH, ...args], { env });
}

/** `gpup run` of a script given as text: an ES module, as top-level await is handy. */
export function gpupRun(script: string, options: { readonly args?: readonly string[]; readonly env?: NodeJS.ProcessEnv } = {}): Program {
  return gpup(['run', '--ephemeral', ...(options.args ?? []), '--', process.execPath, '--input-type=module', '-e', script], options.env);
}
