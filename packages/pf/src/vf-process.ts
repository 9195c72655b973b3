import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { SystemCallError, descriptorOf, guardConnection, sendDescriptors } from '@gpup/os';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import { forgoIoUring } from '@gpup/sandbox';
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
import { tellUnconfined } from './unconfined.ts';
import { VfConnection } from './vf-connection.ts';
import { VfGroupPlace, type VfGroups } from './vf-group.ts';
import { type VfFiles, openVfLog, removeVfFiles, vfFiles, vfLogTail } from './vf-files.ts';
import type { Vf, VfOwner } from './vf.ts';

/**
 * Options for the Node of every VF process, separated by spaces: for the host's operator, who wants to look
 * inside (`--cpu-prof`, `--import`, `--trace-gc`), module by module. A guest has no say in its host's environment.
 */
export const VF_NODE_OPTIONS_VARIABLE = 'GPUP_VF_NODE_OPTIONS';

/** What every VF process of a host is started with. */
export interface VfLaunch {
  readonly config: Omit<VfConfig, 'survivalPath'>;
  readonly environment: Readonly<Record<string, string>>;
  /** Null: the VF dies with this process. */
  readonly survival: VfSurvivalPlan | null;
  /** Null: there are no control groups, or none are wanted. */
  readonly groups: VfGroups | null;
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
  readonly assignment: Omit<VfAssignment, 'survival' | 'page' | 'captures'>;
  /** A file that everything is kept in, or null. */
  readonly captureFd: number | null;
  /** The guest's data connection. */
  readonly dataFd: number;
  /** The guest's control connection, kept by a VF that outlives this process. */
  readonly guestControlFd: number;
  readonly page: { readonly fd: number; readonly slotIndex: number } | null;
  readonly context: ContextDescription;
  /** Of all its memory; null: no limit. */
  readonly memoryBytesMax: number | null;
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
  readonly #group: VfGroupPlace | null;
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
    this.#group = this.#place();
    // Out of descriptors or processes: there are no streams then, and 'error' is about to come.
    if (this.#child.pid === undefined) return;
    const controlFd = descriptorOf(this.#child.stdio[VF_CONTROL_FD] as Socket);
    if (controlFd !== null) guardConnection(controlFd);
    this.#connection = new VfConnection({
      socket: this.#child.stdio[VF_CONTROL_FD] as Socket,
      onLine: (line) => this.#handle(line),
      onScheduling: (line) => this.#owner.onScheduling?.(line),
      onUnconfined: (lacking) => tellUnconfined(lacking),
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
      if (error instanceof SystemCallError && UNASSIGNABLE.has(error.code)) return false;
      throw error;
    }
    this.#group?.limitMemory(task.memoryBytesMax);
    this.#owner = owner;
    this.#awaited = 'ready';
    clearTimeout(this.#startTimer);
    this.#startTimer = this.#limitStart();
    return true;
  }

  limitMemory(bytes: number | null): void {
    this.#group?.limitMemory(bytes);
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

  #assignmentOf({ assignment, page, captureFd, context }: VfTask): VfAssignment {
    const { survival } = this.#launch;
    return {
      ...assignment,
      captures: captureFd !== null,
      ...(page === null ? {} : { page: { slotIndex: page.slotIndex } }),
      ...(survival === null || this.#files === null
        ? {}
        : { survival: { vfId: this.id, orphanMsMax: survival.orphanMsMax, context } }),
    };
  }

  #descriptorsOf({ dataFd, guestControlFd, page, captureFd }: VfTask): readonly number[] {
    const kept = this.#launch.survival === null ? [] : [guestControlFd];
    return [dataFd, ...kept, ...(page === null ? [] : [page.fd]), ...(captureFd === null ? [] : [captureFd])];
  }

  #place(): VfGroupPlace | null {
    const { pid } = this.#child;
    if (pid === undefined) return null;
    const isEnding = (): boolean => this.#ended || this.#child.exitCode !== null || this.#child.signalCode !== null;
    return VfGroupPlace.begin(this.#launch.groups, { pid, name: this.id, isEnding, kill: (reason) => this.kill(reason) });
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
    const reason = this.#reason ?? reasonOfDeath(ending, this.#group?.complaint ?? null);
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
    this.#group?.remove();
    this.#owner.onEnded(reason);
  }
}

/** The kernel ends a VF in this way for a system call that no VF makes by itself. */
const FORBIDDEN_CALL = 'SIGSYS';

function reasonOfDeath(ending: string, complaint: string | null): Reason {
  if (complaint !== null) return { code: 'vf-memory', message: `The VF process was ended by the kernel (${ending}): ${complaint}.` };
  if (ending !== FORBIDDEN_CALL) return { code: 'vf-died', message: `The VF process ended unexpectedly (${ending}).` };
  return { code: 'vf-forbidden-call', message: `The VF process made a system call that no VF makes, as if it had been taken over, and was ended (${ending}).` };
}

const VF_ID_BYTES = 8;
/** It is gone; or so many descriptors of this user are on their way that the kernel takes no more, and the guest has to come again. */
const UNASSIGNABLE: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET', 'ETOOMANYREFS']);

/** Versions of Node whose file operations would make one otherwise. */
export const WITHOUT_IO_URING = { UV_USE_IO_URING: '0' } as const;

function vfNodeOptions(): string[] {
  return (process.env[VF_NODE_OPTIONS_VARIABLE] ?? '').split(' ').filter((option) => option !== '');
}

function startProcess({ config, environment }: VfLaunch, files: VfFiles | null): ChildProcess {
  const logFd = files === null ? null : openVfLog(files);
  try {
    return spawnVf({ config: { ...config, survivalPath: files?.socketPath ?? null }, environment, logFd });
  } catch (error) {
    if (files !== null) removeVfFiles(files);
    throw error;
  } finally {
    if (logFd !== null) closeSync(logFd);
  }
}

interface Spawning {
  readonly config: VfConfig;
  readonly environment: VfLaunch['environment'];
  readonly logFd: number | null;
}

/** Whoever looks inside loads and writes what a confined process could not. */
function isolationOf({ isolation }: VfConfig, options: readonly string[]): VfConfig['isolation'] {
  if (options.length === 0 || isolation === 'off') return isolation;
  if (isolation === 'require') throw new Error(`isolation is required, and cannot be had with ${VF_NODE_OPTIONS_VARIABLE}`);
  return 'off';
}

function spawnVf({ config, environment, logFd }: Spawning): ChildProcess {
  const freeze = process.env[FREEZE_VARIABLE];
  const executor = process.env[EXECUTOR_VARIABLE];
  const options = vfNodeOptions();
  const isolation = isolationOf(config, options);
  if (isolation !== 'off') forgoIoUring();
  return spawn(process.execPath, [...options, '--expose-gc', options.length > 0 ? VF_MODULES_PATH : vfProgramPath()], {
    // Core dumps and other droppings have no place in the user's directory.
    cwd: '/',
    env: {
      ...environment,
      ...WITHOUT_IO_URING,
      [VF_CONFIG_VARIABLE]: encodeVfConfig({ ...config, isolation }),
      ...(freeze === undefined ? {} : { [FREEZE_VARIABLE]: freeze }),
      ...(executor === undefined ? {} : { [EXECUTOR_VARIABLE]: executor }),
    },
    // Signals of a terminal, or to the group of a host process, are not for a VF that outlives it.
    detached: logFd !== null,
    stdio: ['ignore', 'ignore', logFd ?? 'pipe', 'pipe'],
  });
}
