import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import { CLI_MAIN_PATH, GUEST_PROGRAM_PATH, type Role, isRunning, isStopped, isWarmWithoutGuest, processesIn } from './processes.ts';

/** Beyond this a test has hung. What is promised is a second; a busy machine may take longer to show it. */
const PATIENCE_MS = 20_000;

export type GuestMode = 'idle' | 'exit' | 'fault';

/** One directory for the sockets of a series of runs, so that each also proves that the one before has left nothing in its way. */
export class RuntimeDirectory {
  readonly path = mkdtempSync(join(tmpdir(), 'gpup-test-'));

  entries(): readonly string[] {
    return readdirSync(this.path);
  }
  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** One `gpup run` of the guest program. */
export class Run {
  readonly child: ChildProcess;
  output = '';
  /** Its exit status, or the signal that ended it. */
  readonly exit: Promise<number | string>;
  readonly #runtime: RuntimeDirectory;
  readonly #freezeFile: string;

  constructor(runtime: RuntimeDirectory, options: { readonly mode: GuestMode; readonly freezeAt?: string; readonly args?: readonly string[] }) {
    this.#runtime = runtime;
    this.#freezeFile = join(tmpdir(), `gpup-test-freeze-${process.pid}-${++runCount}`);
    const freeze = options.freezeAt === undefined ? {} : { [FREEZE_VARIABLE]: `${options.freezeAt}:${this.#freezeFile}` };
    this.child = spawn(process.execPath, [CLI_MAIN_PATH, 'run', '--ephemeral', ...(options.args ?? []), '--', process.execPath, GUEST_PROGRAM_PATH, options.mode], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...freeze, XDG_RUNTIME_DIR: runtime.path },
    });
    this.exit = new Promise((resolve) => {
      this.child.once('close', (code, signal) => resolve(signal ?? code ?? 0));
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString('utf8');
      });
    }
  }

  /** Resolves when a process stands still at the step, with its pid. */
  async frozen(): Promise<number> {
    const pid = await eventually(() => Number.parseInt(readOr(this.#freezeFile, '0'), 10) || undefined, () => `nothing freezes; processes left: ${this.#left().join(', ') || 'none'}; output: ${this.output}`);
    await eventually(() => isStopped(pid) || undefined, () => `process ${pid} does not stop`);
    // The file stays until the end: nobody else is to freeze, such as a VF process that replaces this one.
    return pid;
  }

  get isLinked(): boolean {
    return this.output.includes('linked');
  }

  async linked(): Promise<void> {
    await eventually(() => this.isLinked || undefined, () => `the guest does not get a GPU; output: ${this.output}`);
  }

  /** Resolves when the guest has its GPU, or when no process of the run is left. */
  async linkedOrGone(): Promise<void> {
    await eventually(() => this.isLinked || this.#left().length === 0 || undefined, () => `the guest neither gets a GPU nor ends; output: ${this.output}`);
  }

  /** The VF process that waits for a next guest, once there is one besides `except`. */
  pooledVf(except?: number): Promise<number> {
    const isWaiting = (pid: number): boolean => pid !== except && isRunning(pid) && isWarmWithoutGuest(pid);
    return eventually(() => this.pidsOf('vf').find(isWaiting), () => `no VF process waits; output: ${this.output}`);
  }

  pidOf(role: Role): number | undefined {
    return this.pidsOf(role)[0];
  }

  pidsOf(role: Role): readonly number[] {
    return [...processesIn(this.#runtime.path)].filter(([, found]) => found === role).map(([pid]) => pid);
  }

  /** Resolves when no process of the run is left, with how long that took. */
  async gone(): Promise<number> {
    const beganMs = performance.now();
    await eventually(() => this.#left().length === 0 || undefined, () => `${this.#left().join(', ')} left; output: ${this.output}`);
    return performance.now() - beganMs;
  }

  #left(): readonly string[] {
    return [...processesIn(this.#runtime.path)].filter(([pid]) => isRunning(pid)).map(([pid, role]) => `${role} ${pid}`);
  }

  /** For a test that ends half way. */
  async killAll(): Promise<void> {
    rmSync(this.#freezeFile, { force: true });
    for (const pid of processesIn(this.#runtime.path).keys()) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    await this.gone();
  }
}

let runCount = 0;

/** The first value that is not undefined. */
export async function eventually<T>(look: () => T | undefined, complaint: () => string): Promise<T> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(complaint());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
