import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { SystemCallError, descriptorOf, sendDescriptors } from '@gpup/os';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import {
  type AllocationEntry,
  type ContextDescription,
  EXECUTOR_VARIABLE,
  type Turn,
  VF_BUG,
  VF_CONFIG_VARIABLE,
  VF_CONTROL_FD,
  VF_MODULES_PATH,
  type VfAssignment,
  type VfConfig,
  type VfLine,
  encodeAssignment,
  encodeVfConfig,
  vfProgramPath,
} from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { logLine } from './log.ts';
import { pfStep } from './steps.ts';
import { VfConnection } from './vf-connection.ts';
import { type VfFiles, openVfLog, removeVfFiles, vfFiles, vfLogTail } from './vf-files.ts';
import type { Vf, VfOwner } from './vf.ts';

/**
 * Options for the Node of every VF process, separated by spaces: for the host's operator, who wants to look
 * inside (`--cpu-prof`, `--import`, `--trace-gc`), module by module. A guest has no say in its host's environment.
 */
export const VF_NODE_OPTIONS_VARIABLE = 'GPUP_VF_NODE_OPTIONS';

/** What every VF process of a host is started with. */
export interface VfLaunch {
  readonly config: VfConfig;
  readonly environment: Readonly<Record<string, string>>;
  /** Null: the VF dies with this process. */
  readonly survival: VfSurvivalPlan | null;
}

/** For VFs that outlive this process once they have a guest. */
export interface VfSurvivalPlan {
  /** Where each of them has its socket and its log: an existing directory of ours alone. */
  readonly directory: string;
  /** So long they wait for a next host process. */
  readonly orphanMsMax: number;
}

/** What makes a VF process one context's. The descriptors stay the caller's. */
export interface VfTask {
  readonly assignment: Omit<VfAssignment, 'survival' | 'page'>;
  /** The guest's data connection. */
  readonly dataFd: number;
  /** The guest's control connection, kept by a VF that outlives this process. */
  readonly guestControlFd: number;
  readonly page: { readonly fd: number; readonly slotIndex: number } | null;
  readonly context: ContextDescription;
}

/** A VF process that this process has started, from its start to its end. */
export class VfProcess implements Vf {
  readonly id = randomBytes(VF_ID_BYTES).toString('hex');
  /** It is of this build. */
  readonly takesTurns = true;
  readonly #launch: VfLaunch;
  readonly #files: VfFiles | null;
  readonly #child: ChildProcess;
  readonly #connection: VfConnection | undefined;
  #owner: VfOwner;
  #startTimer: NodeJS.Timeout;
  /** The first cause that is known; the process's ending alone says little. */
  #reason: Reason | undefined;
  #errorTail = '';
  #awaited: 'warm' | 'ready' | null = 'warm';
  #ended = false;

  constructor(launch: VfLaunch, owner: VfOwner) {
    this.#launch = launch;
    this.#owner = owner;
    this.#files = launch.survival === null ? null : vfFiles(launch.survival.directory, this.id);
    this.#child = startProcess(launch, this.#files);
    pfStep('pf.vf-spawned');
    this.#startTimer = this.#limitStart();
    this.#child.once('error', (error) => this.#end({ code: 'vf-start', message: `The VF process does not start: ${error.message}.` }));
    this.#child.once('exit', () => this.#limitLastWords());
    // 'close' comes after 'exit' and after the last byte that the process wrote: its last words are in.
    this.#child.once('close', (code, signal) => this.#end(this.#reasonOf(signal ?? `exit status ${code}`)));
    // Out of descriptors or processes: there are no streams then, and 'error' is about to come.
    if (this.#child.pid === undefined) return;
    this.#connection = new VfConnection({
      socket: this.#child.stdio[VF_CONTROL_FD] as Socket,
      onLine: (line) => this.#handle(line),
      onScheduling: (line) => this.#owner.onScheduling?.(line),
      onBadLine: (reason) => this.kill(reason),
    });
    if (this.#child.stderr !== null) this.#readErrors(this.#child.stderr);
  }

  /** 0: it has not started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /**
   * Makes it the VF of one context, which owns it from now on: hands over the guest's data connection. Also before
   * it is warm: the connection then waits in the control socket. False: the process is gone already, and nothing
   * has changed.
   */
  assign(task: VfTask, owner: VfOwner): boolean {
    const controlFd = this.#child.pid === undefined ? null : descriptorOf(this.#child.stdio[VF_CONTROL_FD] as Socket);
    if (controlFd === null || this.#reason !== undefined) return false;
    try {
      // The first message that is sent there, far smaller than a socket's buffer: this does not wait.
      sendDescriptors(controlFd, encodeAssignment(this.#assignmentOf(task)), this.#descriptorsOf(task));
    } catch (error) {
      if (error instanceof SystemCallError && (error.code === 'EPIPE' || error.code === 'ECONNRESET')) return false;
      throw error;
    }
    this.#owner = owner;
    this.#awaited = 'ready';
    clearTimeout(this.#startTimer);
    this.#startTimer = this.#limitStart();
    return true;
  }

  kill(reason: Reason): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
  }

  ping(): void {
    this.#connection?.ping();
  }

  get pingedMs(): number | null {
    return this.#connection?.pingedMs ?? null;
  }

  get answeredMs(): number {
    return this.#connection?.answeredMs ?? 0;
  }

  openEscapes(names: readonly string[]): void {
    this.#connection?.openEscapes(names);
  }

  grantTurn(turn: Turn): void {
    this.#connection?.grantTurn(turn);
  }

  freeTurn(): void {
    this.#connection?.freeTurn();
  }

  allocations(countMax: number): Promise<readonly AllocationEntry[] | null> {
    return this.#connection?.allocations(countMax) ?? Promise.resolve(null);
  }

  #assignmentOf({ assignment, page, context }: VfTask): VfAssignment {
    const { survival } = this.#launch;
    return {
      ...assignment,
      ...(page === null ? {} : { page: { slotIndex: page.slotIndex } }),
      ...(survival === null || this.#files === null
        ? {}
        : { survival: { vfId: this.id, controlPath: this.#files.socketPath, orphanMsMax: survival.orphanMsMax, context } }),
    };
  }

  #descriptorsOf({ dataFd, guestControlFd, page }: VfTask): readonly number[] {
    return [dataFd, ...(this.#launch.survival === null ? [] : [guestControlFd]), ...(page === null ? [] : [page.fd])];
  }

  #limitStart(): NodeJS.Timeout {
    return setTimeout(
      () => this.kill({ code: 'vf-start', message: `The VF process was not ready within ${PF_LIMITS.vfStartMsMax} ms.` }),
      PF_LIMITS.vfStartMsMax,
    );
  }

  /** A process that a VF has started, once its guest had taken it over, may hold the VF's streams for ever. */
  #limitLastWords(): void {
    const closeStreams = (): void => {
      for (const stream of this.#child.stdio) stream?.destroy();
    };
    // After the input of that turn: a busy machine is no reason to lose words that are there.
    const timer = setTimeout(() => setImmediate(closeStreams), PF_LIMITS.vfLastWordsMsMax);
    this.#child.once('close', () => clearTimeout(timer));
  }

  #handle(line: Extract<VfLine, { type: 'warm' | 'ready' | 'fault' }>): void {
    if (line.type === 'fault') {
      // It ends itself; the kill is for one that hangs on its way out.
      return this.kill({ code: line.code, message: line.message });
    }
    // It may have become warm while its assignment was on the way.
    if (line.type !== this.#awaited || this.#reason !== undefined) return;
    this.#awaited = null;
    clearTimeout(this.#startTimer);
    this.#owner.onReady();
  }

  #readErrors(stderr: Readable): void {
    stderr.on('error', () => {});
    stderr.on('data', (chunk: Buffer) => {
      this.#errorTail = (this.#errorTail + chunk.toString('utf8')).slice(-PF_LIMITS.vfErrorTailBytes);
    });
  }

  /** What a driver printed may name things of the host's, so it goes to the host's log and not to the guest. */
  #reasonOf(ending: string): Reason {
    const reason = this.#reason ?? { code: 'vf-died', message: `The VF process ended unexpectedly (${ending}).` };
    if (this.#reason === undefined || reason.code === VF_BUG) logLine(`VF process ${this.#child.pid}: ${reason.message} ${this.#printed().trim()}`.trim());
    return reason;
  }

  #printed(): string {
    return this.#files === null ? this.#errorTail : vfLogTail(this.#files, PF_LIMITS.vfErrorTailBytes);
  }

  #end(reason: Reason): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#startTimer);
    if (this.#files !== null) removeVfFiles(this.#files);
    this.#owner.onEnded(reason);
  }
}

const VF_ID_BYTES = 8;

function vfNodeOptions(): string[] {
  return (process.env[VF_NODE_OPTIONS_VARIABLE] ?? '').split(' ').filter((option) => option !== '');
}

function startProcess({ config, environment }: VfLaunch, files: VfFiles | null): ChildProcess {
  const logFd = files === null ? null : openVfLog(files);
  try {
    return spawnVf({ config, environment, logFd });
  } catch (error) {
    if (files !== null) removeVfFiles(files);
    throw error;
  } finally {
    if (logFd !== null) closeSync(logFd);
  }
}

function spawnVf({ config, environment, logFd }: Omit<VfLaunch, 'survival'> & { readonly logFd: number | null }): ChildProcess {
  const freeze = process.env[FREEZE_VARIABLE];
  const executor = process.env[EXECUTOR_VARIABLE];
  const options = vfNodeOptions();
  return spawn(process.execPath, [...options, '--expose-gc', options.length > 0 ? VF_MODULES_PATH : vfProgramPath()], {
    // Core dumps and other droppings have no place in the user's directory.
    cwd: '/',
    env: {
      ...environment,
      [VF_CONFIG_VARIABLE]: encodeVfConfig(config),
      ...(freeze === undefined ? {} : { [FREEZE_VARIABLE]: freeze }),
      ...(executor === undefined ? {} : { [EXECUTOR_VARIABLE]: executor }),
    },
    // Signals of a terminal, or to the group of a host process, are not for a VF that outlives it.
    detached: logFd !== null,
    stdio: ['ignore', 'ignore', logFd ?? 'pipe', 'pipe'],
  });
}
