import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { SystemCallError, descriptorOf, sendDescriptors } from '@gpup/os';
import { LineBuffer } from '@gpup/os/line-buffer';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import {
  EXECUTOR_VARIABLE,
  VF_BUG,
  VF_CONFIG_VARIABLE,
  VF_CONTROL_FD,
  VF_LINE_BYTES_MAX,
  VF_MODULES_PATH,
  type VfAssignment,
  type VfConfig,
  decodeVfLine,
  encodeAssignment,
  encodeVfConfig,
  vfProgramPath,
} from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { PF_LIMITS } from './limits.ts';
import { logLine } from './log.ts';
import { pfStep } from './steps.ts';

/**
 * Options for the Node of every VF process, separated by spaces: for the host's operator, who wants to look
 * inside (`--cpu-prof`, `--import`, `--trace-gc`), module by module. A guest has no say in its host's environment.
 */
export const VF_NODE_OPTIONS_VARIABLE = 'GPUP_VF_NODE_OPTIONS';

/** What every VF process of a host is started with. */
export interface VfLaunch {
  readonly config: VfConfig;
  readonly environment: Readonly<Record<string, string>>;
}

/** Whoever has the VF process: the pool until it is assigned, then a context. */
export interface VfOwner {
  /** It waits for its assignment, before; it executes the guest's commands, after. */
  readonly onReady: () => void;
  /** Called once, after the process has been reaped. */
  readonly onEnded: (reason: Reason) => void;
}

/**
 * One VF process, from its start to its end. Once it is assigned it holds a guest's work, so its lines are
 * checked like a guest's.
 */
export class VfProcess {
  readonly #child: ChildProcess;
  readonly #lines = new LineBuffer(VF_LINE_BYTES_MAX);
  #owner: VfOwner;
  #startTimer: NodeJS.Timeout;
  /** The first cause that is known; the process's ending alone says little. */
  #reason: Reason | undefined;
  #errorTail = '';
  #awaited: 'warm' | 'ready' | null = 'warm';
  #ended = false;

  constructor(launch: VfLaunch, owner: VfOwner) {
    this.#owner = owner;
    this.#child = startProcess(launch);
    pfStep('pf.vf-spawned');
    this.#startTimer = this.#limitStart();
    this.#child.once('error', (error) => this.#end({ code: 'vf-start', message: `The VF process does not start: ${error.message}.` }));
    // 'close' comes after 'exit' and after the last byte that the process wrote: its last words are in.
    this.#child.once('close', (code, signal) => this.#end(this.#reasonOf(signal ?? `exit status ${code}`)));
    // Out of descriptors or processes: there are no streams then, and 'error' is about to come.
    if (this.#child.pid === undefined) return;
    this.#readControl(this.#child.stdio[VF_CONTROL_FD] as Readable);
    this.#readErrors(this.#child.stderr as Readable);
  }

  /**
   * Makes it the VF of one context, which owns it from now on: hands over the guest's data connection, of
   * which the caller closes its own descriptor. Also before it is warm: the connection then waits in the
   * control socket. False: the process is gone already, and nothing has changed.
   */
  assign(assignment: VfAssignment, dataFd: number, owner: VfOwner): boolean {
    const controlFd = this.#child.pid === undefined ? null : descriptorOf(this.#child.stdio[VF_CONTROL_FD] as Socket);
    if (controlFd === null || this.#reason !== undefined) return false;
    try {
      // The only message ever sent there, far smaller than a socket's buffer: this does not wait.
      sendDescriptors(controlFd, encodeAssignment(assignment), [dataFd]);
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

  /** SIGKILL: an ordinary exit may crash in Dawn, or never come while the GPU hangs. */
  kill(reason: Reason): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
  }

  #limitStart(): NodeJS.Timeout {
    return setTimeout(
      () => this.kill({ code: 'vf-start', message: `The VF process was not ready within ${PF_LIMITS.vfStartMsMax} ms.` }),
      PF_LIMITS.vfStartMsMax,
    );
  }

  #readControl(control: Readable): void {
    control.on('error', () => {});
    control.on('data', (chunk: Buffer) => {
      this.#lines.push(chunk);
      for (let next = this.#lines.next(); next !== null; next = this.#lines.next()) {
        if (next === 'too-long') {
          control.destroy();
          return this.kill({ code: 'vf-line', message: `The VF process wrote a line of more than ${VF_LINE_BYTES_MAX} bytes.` });
        }
        this.#handle(next.line);
      }
    });
  }

  #handle(text: string): void {
    const line = decodeVfLine(text);
    if (line === undefined) return this.kill({ code: 'vf-line', message: 'The VF process wrote a line that is not of the protocol.' });
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
    if (this.#reason === undefined || reason.code === VF_BUG) logLine(`VF process ${this.#child.pid}: ${reason.message} ${this.#errorTail.trim()}`.trim());
    return reason;
  }

  #end(reason: Reason): void {
    if (this.#ended) return;
    this.#ended = true;
    clearTimeout(this.#startTimer);
    this.#owner.onEnded(reason);
  }
}

function vfNodeOptions(): string[] {
  return (process.env[VF_NODE_OPTIONS_VARIABLE] ?? '').split(' ').filter((option) => option !== '');
}

function startProcess({ config, environment }: VfLaunch): ChildProcess {
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
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
}
