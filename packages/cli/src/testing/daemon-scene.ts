import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { READY_FD_VARIABLE, type ReadyLine, TEST_DAEMON_PATH, ask, decodeReadyLine, listen } from '@gpup/daemon/testing';
import { PRELOAD_PATH } from '@gpup/guest';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import type { HostEvent, PfActions } from '@gpup/pf/actions';
import { CULPRIT_GUEST } from './culprit-guest.ts';
import { isRunning, isStopped } from './processes.ts';
import { Program } from './program.ts';
import { eventually } from './scenario.ts';
import { WORKING_GUEST } from './working-guest.ts';

type Method = Exclude<keyof PfActions, 'subscribe'>;

export interface DaemonLifeOptions {
  readonly program: string;
  readonly configPath: string;
  readonly runtimeDirectory: string;
  readonly freezeAt: string | undefined;
}

/** One life of a daemon. */
export class DaemonLife {
  readonly child: ChildProcess;
  readonly ready: Promise<ReadyLine>;
  readonly ended: Promise<number | string>;
  errors = '';
  readonly #freezeFile: string;

  constructor({ program, configPath, runtimeDirectory, freezeAt }: DaemonLifeOptions) {
    this.#freezeFile = join(runtimeDirectory, '..', `freeze-${++lifeCount}`);
    const freeze = freezeAt === undefined ? {} : { [FREEZE_VARIABLE]: `${freezeAt}:${this.#freezeFile}` };
    this.child = spawn(process.execPath, [program, '--config', configPath], {
      detached: true,
      env: { ...process.env, ...freeze, [READY_FD_VARIABLE]: '3', XDG_RUNTIME_DIR: runtimeDirectory },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    });
    this.ended = new Promise((resolve) => this.child.once('close', (code, signal) => resolve(signal ?? code ?? 0)));
    this.child.stderr?.on('data', (chunk) => {
      this.errors += String(chunk);
    });
    this.ready = new Promise((resolve, reject) => {
      let text = '';
      (this.child.stdio[3] as Readable).on('data', (chunk) => {
        text += String(chunk);
        const line = text.endsWith('\n') ? decodeReadyLine(text) : undefined;
        if (line !== undefined) resolve(line);
      });
      this.child.once('close', () => reject(new Error(`The daemon ended early. ${this.errors}`)));
    });
    // One that is killed before it is ready is killed on purpose.
    this.ready.catch(() => {});
  }

  /** Resolves when this daemon, or a process of its, stands still at the step. */
  async frozen(): Promise<number> {
    const pid = await eventually(() => Number.parseInt(readOr(this.#freezeFile, '0'), 10) || undefined, () => `nothing freezes; ${this.errors}`);
    await eventually(() => isStopped(pid) || undefined, () => `process ${pid} does not stop`);
    return pid;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

export function guestProgram(socketPath: string, script: string, args: readonly string[] = []): Program {
  return new Program([process.execPath, '--import', PRELOAD_PATH, '--input-type=module', '-e', script, ...args], {
    env: { ...process.env, GPUP_SOCKET: socketPath },
  });
}

/** One guest of a daemon. */
export class WorkingGuest {
  readonly program: Program;

  constructor(socketPath: string, secret: number) {
    this.program = guestProgram(socketPath, WORKING_GUEST, [String(secret)]);
  }

  get pid(): number {
    return this.program.child.pid as number;
  }

  get rounds(): number {
    const { stdout } = this.program;
    const begin = stdout.lastIndexOf('round ', stdout.lastIndexOf('\n'));
    return begin === -1 ? 0 : Number.parseInt(stdout.slice(begin + 'round '.length), 10);
  }

  /** How long each round took, from the one after so many on. */
  roundTimesMs(after = 0): readonly number[] {
    return [...this.program.stdout.matchAll(/^round \d+ ([\d.]+)$/gm)].slice(after).map(([, ms]) => Number(ms));
  }

  /** Resolves when it has done so many more rounds. */
  async goesOn(count = 2): Promise<void> {
    const { rounds } = this;
    await eventually(() => this.rounds >= rounds + count || undefined, () => `the guest does not go on after round ${rounds}: ${this.program.stdout.slice(-200)}`);
  }

  /** Its status and last line. */
  async end(): Promise<readonly [number | string, string]> {
    this.program.child.kill('SIGTERM');
    return this.ended();
  }

  async ended(): Promise<readonly [number | string, string]> {
    const { status, stdout } = await this.program.ended;
    return [status, stdout.trimEnd().split('\n').at(-1) ?? ''];
  }
}

/** A guest that misbehaves as it is told: see culprit-guest.ts. */
export class Culprit {
  readonly #child;
  readonly #lines: AsyncIterator<string>;
  #errors = '';

  constructor(socketPath: string) {
    const args = ['--import', PRELOAD_PATH, '--input-type=module', '-e', CULPRIT_GUEST];
    this.#child = spawn(process.execPath, args, { env: { ...process.env, GPUP_SOCKET: socketPath }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr.on('data', (chunk) => {
      this.#errors += String(chunk);
    });
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  async tell(command: string): Promise<Readonly<Record<string, unknown>>> {
    this.#child.stdin.write(`${command}\n`);
    const { value } = await this.#lines.next();
    if (value === undefined) throw new Error(`The culprit has ended. ${this.#errors}`);
    return JSON.parse(value) as Record<string, unknown>;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

/** Lives of daemons, one after the other, in one runtime directory. */
export class DaemonScene {
  readonly directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  readonly runtime = join(this.directory, 'run');
  readonly configPath = join(this.directory, 'host.json');
  readonly guests: WorkingGuest[] = [];
  readonly #culprits: Culprit[] = [];
  /** The latest one. */
  life: DaemonLife | undefined;
  readonly #lives: DaemonLife[] = [];

  constructor(config: Readonly<Record<string, unknown>> = {}) {
    const fields = { adapter: 'software', pool: 0, runtimeDirectory: this.runtime, stateDirectory: join(this.directory, 'state'), ...config };
    writeFileSync(this.configPath, JSON.stringify(fields));
  }

  /** Begins a daemon's life, to be frozen at a step or not. */
  begin(freezeAt?: string, program = TEST_DAEMON_PATH): DaemonLife {
    this.life = new DaemonLife({ program, configPath: this.configPath, runtimeDirectory: this.runtime, freezeAt });
    this.#lives.push(this.life);
    return this.life;
  }

  async start(program?: string): Promise<DaemonLife> {
    const life = this.begin(undefined, program);
    const line = await life.ready;
    if (line.type === 'error') throw new Error(line.message);
    return life;
  }

  ask<M extends Method>(method: M, ...args: Parameters<PfActions[M]>): Promise<Awaited<ReturnType<PfActions[M]>>> {
    return ask(join(this.runtime, 'api.sock'), method, ...args);
  }

  get socketPath(): string {
    return this.socketOf('default');
  }

  socketOf(partition: string): string {
    return join(this.runtime, 'partitions', `${partition}.sock`);
  }

  /** Each event of the latest daemon from now on, until it ends. */
  async listen(onEvent: (event: HostEvent) => void): Promise<void> {
    await listen(join(this.runtime, 'api.sock'), onEvent);
  }

  async guest(socketPath = this.socketPath): Promise<WorkingGuest> {
    const guest = new WorkingGuest(socketPath, this.guests.length * 1000 + 17);
    this.guests.push(guest);
    await guest.goesOn();
    return guest;
  }

  culprit(partition: string): Culprit {
    const culprit = new Culprit(this.socketOf(partition));
    this.#culprits.push(culprit);
    return culprit;
  }

  /** From here on nothing can be saved: there is a file in the place of the directory. */
  spoilState(): void {
    const state = join(this.directory, 'state');
    rmSync(state, { recursive: true });
    writeFileSync(state, '');
  }

  /** Running VF processes. */
  vfPids(): readonly number[] {
    const isVf = (pid: number): boolean => {
      if (!readOr(`/proc/${pid}/environ`, '').includes(`XDG_RUNTIME_DIR=${this.runtime}`)) return false;
      return readOr(`/proc/${pid}/cmdline`, '').split('\0').some((word) => VF_PROGRAM.test(word));
    };
    return readdirSync('/proc').map(Number).filter((pid) => Number.isInteger(pid) && isVf(pid) && isRunning(pid));
  }

  vfFiles(): readonly string[] {
    return readdirSync(join(this.runtime, 'vfs'));
  }

  async close(): Promise<void> {
    for (const { child } of this.#lives) child.kill('SIGKILL');
    for (const { program } of this.guests) program.child.kill('SIGKILL');
    for (const culprit of this.#culprits) culprit.kill();
    await eventually(() => this.#left().length === 0 || undefined, () => `processes are left: ${this.#left().join(', ')}`);
    rmSync(this.directory, { recursive: true, force: true });
  }

  /** For a test that ends half way: VFs are killed, as nobody is there to do it. */
  #left(): readonly number[] {
    const pids = this.vfPids();
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {}
    }
    return pids;
  }
}

/** Of any build. */
const VF_PROGRAM = /\/vf\/dist\/main\.c?js$/;

let lifeCount = 0;

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
