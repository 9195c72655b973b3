import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';
import { closeDescriptor, hasProcessEnded, openProcess, signalProcess } from '@gpup/os';
import { type ProcessIdentity, Refusal, identify, isGone } from '@gpup/pf/core';
import { directoriesIn } from './directories.ts';
import { DAEMON_LIMITS } from './limits.ts';
import { type LockHolder, runningDaemon } from './lock.ts';
import { READY_FD_VARIABLE, type ReadyLine, decodeReadyLine } from './ready-line.ts';
import { configFrom } from './surroundings.ts';

/** What the daemon's process runs. */
export const DAEMON_MAIN_PATH: string = fileURLToPath(new URL('./main.js', import.meta.url));

const READY_FD = 3;
const LOOK_MS = 10;
const ERROR_TAIL_CHARACTERS = 2000;

export interface LaunchOptions {
  readonly configPath?: string | undefined;
}

export interface StartOptions extends LaunchOptions {
  /** It refuses to run where VF processes cannot be isolated in every way, whatever the configuration says. */
  readonly requiresIsolation?: boolean;
}

export type DaemonReady = Extract<ReadyLine, { type: 'ready' }>;

/** Starts a daemon in a session of its own, and resolves when it is ready; rejects with its reason where it does not get there. */
export async function startDaemon({ configPath, requiresIsolation = false, program = DAEMON_MAIN_PATH }: StartOptions & { readonly program?: string }): Promise<DaemonReady> {
  const child = spawn(process.execPath, [program, ...(configPath === undefined ? [] : ['--config', configPath]), ...(requiresIsolation ? ['--require-isolation'] : [])], {
    cwd: '/',
    detached: true,
    env: { ...withoutNodeVariables(process.env), [READY_FD_VARIABLE]: String(READY_FD) },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const line = await readyLine(child);
  if (line.type === 'error') throw new Refusal(line.code, line.message);
  // From here on nobody reads what it prints; it has a log.
  for (const stream of [child.stderr, child.stdio[READY_FD]]) (stream as Readable | null)?.destroy();
  child.unref();
  return line;
}

function readyLine(child: ChildProcess): Promise<ReadyLine> {
  return new Promise((resolve) => {
    let text = '';
    let errors = '';
    const fail = (message: string): void => resolve({ type: 'error', code: 'host-start', message });
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`The host was not ready within ${DAEMON_LIMITS.startMsMax} ms.`);
    }, DAEMON_LIMITS.startMsMax);
    child.once('error', (error) => fail(`The host does not start: ${error.message}.`));
    child.once('exit', () => clearTimeout(timer));
    // After its last words.
    child.once('close', (code, signal) => fail(`The host ended before it was ready (${signal ?? `exit status ${code}`}). ${errors.trim()}`.trim()));
    child.stderr?.on('data', (chunk) => {
      errors = (errors + String(chunk)).slice(-ERROR_TAIL_CHARACTERS);
    });
    (child.stdio[READY_FD] as Readable).on('data', (chunk) => {
      text += String(chunk);
      const line = text.includes('\n') ? decodeReadyLine(text) : undefined;
      if (line === undefined) return;
      clearTimeout(timer);
      resolve(line);
    });
  });
}

/** Node's own variables (a preload, a debugger's port) are meant for the caller's programs. */
function withoutNodeVariables(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith('NODE_')));
}

export interface DaemonStatus {
  /** Null: none runs. */
  readonly holder: LockHolder | null;
  readonly runtimeDirectory: string;
  readonly stateDirectory: string;
  readonly apiSocketPath: string;
}

/** Of the daemon with this configuration, without asking it. */
export function daemonStatus({ configPath }: LaunchOptions): DaemonStatus {
  const directories = directoriesIn(configFrom(configPath));
  return {
    holder: runningDaemon(directories.lockPath),
    runtimeDirectory: directories.runtime,
    stateDirectory: directories.state,
    apiSocketPath: directories.apiSocketPath,
  };
}

/** Ends the daemon, and its guests where that is asked for. False: none ran. */
export async function stopDaemon({ configPath, guests }: LaunchOptions & { readonly guests: 'leave' | 'end' }): Promise<boolean> {
  const { holder } = daemonStatus({ configPath });
  const processFd = holder === null ? null : processOf(holder);
  if (processFd === null) return false;
  try {
    signalProcess(processFd, guests === 'leave' ? 'SIGTERM' : 'SIGUSR2');
    const deadlineMs = performance.now() + DAEMON_LIMITS.stopMsMax * 2;
    while (!hasProcessEnded(processFd)) {
      if (performance.now() > deadlineMs) throw new Refusal('host-timeout', `The host (process ${holder?.pid}) has not ended within ${DAEMON_LIMITS.stopMsMax * 2} ms.`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return true;
  } finally {
    closeDescriptor(processFd);
  }
}

/** The number may be another process's by the time that we have a descriptor of it. Null: the process is gone. */
function processOf(identity: ProcessIdentity): number | null {
  if (identity.pidNamespace !== identify(process.pid)?.pidNamespace) {
    throw new Refusal('host-elsewhere', `The host (process ${identity.pid}) runs in another pid namespace, a container perhaps: end it from there.`);
  }
  const fd = openProcess(identity.pid);
  if (fd === null || !isGone(identity)) return fd;
  closeDescriptor(fd);
  return null;
}
