import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { FREEZE_VARIABLE } from '@gpup/os/step';
import { VF_BUG, VF_CONFIG_VARIABLE, VF_CONTROL_FD, VF_LINE_BYTES_MAX, VF_MAIN_PATH, type VfConfig, decodeVfLine, encodeVfConfig } from '@gpup/vf/boot';
import type { Reason } from './control-protocol.ts';
import { LineBuffer } from './line-buffer.ts';
import { PF_LIMITS } from './limits.ts';
import { logLine } from './log.ts';
import { pfStep } from './steps.ts';

/**
 * Options for the Node of every VF process, separated by spaces: for the host's operator, who wants to look
 * inside (`--cpu-prof`, `--import`, `--trace-gc`). A guest has no say in its host's environment.
 */
export const VF_NODE_OPTIONS_VARIABLE = 'GPUP_VF_NODE_OPTIONS';

export interface VfProcessOptions {
  readonly config: VfConfig;
  readonly environment: Readonly<Record<string, string>>;
  /** The guest's data connection. Taken over, also when this throws: the VF has it then, and this process does not. */
  readonly data: Socket;
  readonly onReady: () => void;
  /** Called once, after the process has been reaped. */
  readonly onEnded: (reason: Reason) => void;
}

/** One VF process, from its start to its end. It holds a guest's work, so its lines are checked like a guest's. */
export class VfProcess {
  readonly #child: ChildProcess;
  readonly #onReady: () => void;
  readonly #onEnded: (reason: Reason) => void;
  readonly #lines = new LineBuffer(VF_LINE_BYTES_MAX);
  readonly #startTimer: NodeJS.Timeout;
  /** The first cause that is known; the process's ending alone says little. */
  #reason: Reason | undefined;
  #errorTail = '';
  #isReady = false;
  #ended = false;

  constructor(options: VfProcessOptions) {
    this.#onReady = options.onReady;
    this.#onEnded = options.onEnded;
    this.#child = startProcess(options);
    pfStep('pf.vf-spawned');
    this.#startTimer = setTimeout(
      () => this.kill({ code: 'vf-start', message: `The VF process was not ready within ${PF_LIMITS.vfStartMsMax} ms.` }),
      PF_LIMITS.vfStartMsMax,
    );
    this.#child.once('error', (error) => this.#end({ code: 'vf-start', message: `The VF process does not start: ${error.message}.` }));
    // 'close' comes after 'exit' and after the last byte that the process wrote: its last words are in.
    this.#child.once('close', (code, signal) => this.#end(this.#reasonOf(signal ?? `exit status ${code}`)));
    // Out of descriptors or processes: there are no streams then, and 'error' is about to come.
    if (this.#child.pid === undefined) return;
    this.#readControl(this.#child.stdio[VF_CONTROL_FD] as Readable);
    this.#readErrors(this.#child.stderr as Readable);
  }

  /** SIGKILL: an ordinary exit may crash in Dawn, or never come while the GPU hangs. */
  kill(reason: Reason): void {
    this.#reason ??= reason;
    this.#child.kill('SIGKILL');
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
    clearTimeout(this.#startTimer);
    if (this.#isReady || this.#reason !== undefined) return;
    this.#isReady = true;
    this.#onReady();
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
    this.#onEnded(reason);
  }
}

function vfNodeOptions(): string[] {
  return (process.env[VF_NODE_OPTIONS_VARIABLE] ?? '').split(' ').filter((option) => option !== '');
}

function startProcess({ config, environment, data }: VfProcessOptions): ChildProcess {
  const freeze = process.env[FREEZE_VARIABLE];
  try {
    return spawn(process.execPath, [...vfNodeOptions(), '--expose-gc', VF_MAIN_PATH], {
      // Core dumps and other droppings have no place in the user's directory.
      cwd: '/',
      env: {
        ...environment,
        [VF_CONFIG_VARIABLE]: encodeVfConfig(config),
        ...(freeze === undefined ? {} : { [FREEZE_VARIABLE]: freeze }),
      },
      stdio: ['ignore', 'ignore', 'pipe', 'pipe', data],
    });
  } finally {
    // Closes our descriptor; the connection itself lives on in the VF.
    data.destroy();
  }
}
