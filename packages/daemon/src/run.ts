import { logTo } from '@gpup/pf/core';
import type { HostConfig } from '@gpup/pf/host-config';
import type { CreateApiServer } from './api-server.ts';
import { Daemon } from './daemon.ts';
import { directoriesIn, makeDirectories } from './directories.ts';
import { DAEMON_LIMITS } from './limits.ts';
import { type LockResult, acquireLock } from './lock.ts';
import { Log, logFile, logToStderr } from './log.ts';
import { announce } from './ready-line.ts';
import { daemonStep } from './steps.ts';
import { configFrom } from './surroundings.ts';

export interface RunOptions {
  readonly configPath: string | undefined;
  /** Where the log goes: to standard error for one that is in the foreground, else to a file in the state directory. */
  readonly log: 'stderr' | 'file';
  readonly createApi: CreateApiServer;
  readonly version: string;
  /** Whatever the configuration says of it. */
  readonly requiresIsolation?: boolean;
}

const FAILURE = 1;

/** The daemon's process, from its first step to its exit. Expected failures end as one sentence. */
export async function runDaemon(options: RunOptions): Promise<void> {
  daemonStep('daemon.started');
  try {
    const configured = configFrom(options.configPath);
    const config = options.requiresIsolation === true ? { ...configured, isolation: 'require' as const } : configured;
    daemonStep('daemon.configured');
    const lock = lockFor(config);
    daemonStep('daemon.locked');
    const log = openLog(config, options.log);
    daemonStep('daemon.logging');
    const { createApi, version } = options;
    const daemon = new Daemon({ config, createApi, version, log });
    endOn(daemon, lock, log);
    await daemon.start();
    announce({ type: 'ready', pid: process.pid, apiSocket: directoriesIn(config).apiSocketPath, adoptedCount: daemon.adoptedCount });
    daemonStep('daemon.ready');
  } catch (error) {
    const { code = 'host-start', message } = error as Error & { readonly code?: string };
    announce({ type: 'error', code, message });
    process.stderr.write(`gpup host: ${message}\n`);
    process.exit(FAILURE);
  }
}

function lockFor(config: HostConfig): Extract<LockResult, { kind: 'locked' }> {
  const directories = directoriesIn(config);
  makeDirectories(directories);
  const lock = acquireLock(directories.lockPath);
  if (lock.kind === 'locked') return lock;
  const who = lock.holder === null ? '' : ` (process ${lock.holder.pid})`;
  throw Object.assign(new Error(`A host runs in ${directories.runtime} already${who}.`), { code: 'host-running' });
}

function openLog(config: HostConfig, where: RunOptions['log']): Log {
  const write = where === 'stderr' ? logToStderr : logFile(directoriesIn(config).logPath, DAEMON_LIMITS.logFileBytesMax);
  const log = new Log({ write, level: config.logLevel, nowMs: Date.now });
  logTo((text) => log.warning(text));
  return log;
}

/** SIGTERM and its like leave guests running for the next daemon; SIGUSR2 ends them as well. */
function endOn(daemon: Daemon, lock: Extract<LockResult, { kind: 'locked' }>, log: Log): void {
  let isEnding = false;
  const end = async (guests: 'leave' | 'end', signal: string): Promise<void> => {
    if (isEnding) return;
    isEnding = true;
    log.info(`The host was told to end (${signal}).`, { guests });
    await daemon.stop(guests);
    lock.release();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => void end('leave', signal));
  process.on('SIGUSR2', () => void end('end', 'SIGUSR2'));
  const bug = (error: unknown): void => {
    log.error(`The host ends through a bug: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(FAILURE);
  };
  process.on('uncaughtException', bug);
  process.on('unhandledRejection', bug);
}
