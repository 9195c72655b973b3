import { resolve } from 'node:path';
import { type DaemonStatus, daemonStatus, runProgram, startDaemon, stopDaemon } from '@gpup/daemon';
import type { Command } from './arguments.ts';

/** `gpup host …`: the daemon's start, end and whereabouts. */
export type DaemonCommand = Extract<Command, { readonly kind: 'host-start' | 'host-status' | 'host-stop' }>;

type StartCommand = Extract<DaemonCommand, { readonly kind: 'host-start' }>;

/** As init scripts have it: the host does not run. */
const NOT_RUNNING = 3;

/** Resolves with the exit status; a host in the foreground never resolves, as it is this process. */
export async function runHost(given: DaemonCommand): Promise<number> {
  // The daemon has another working directory.
  const command = given.configPath === undefined ? given : { ...given, configPath: resolve(given.configPath) };
  switch (command.kind) {
    case 'host-start':
      return command.foreground ? runInForeground(command) : start(command);
    case 'host-status':
      return status(daemonStatus(command), command.json);
    case 'host-stop':
      return stop(command);
  }
}

async function runInForeground({ configPath, requiresIsolation }: StartCommand): Promise<never> {
  await runProgram({ configPath, foreground: true, requiresIsolation });
  return new Promise(() => {});
}

async function start({ configPath, requiresIsolation }: StartCommand): Promise<number> {
  const { pid, apiSocket, adoptedCount } = await startDaemon({ configPath, requiresIsolation });
  const adopted = adoptedCount === 0 ? '' : `; ${adoptedCount} guests of the host before go on with it`;
  process.stdout.write(`The host runs (process ${pid}), its API at ${apiSocket}${adopted}.\n`);
  return 0;
}

function status({ holder, runtimeDirectory, stateDirectory, apiSocketPath }: DaemonStatus, json: boolean): number {
  const view = { running: holder !== null, pid: holder?.pid ?? null, sinceMs: holder?.sinceMs ?? null, runtimeDirectory, stateDirectory, apiSocketPath };
  if (json) process.stdout.write(`${JSON.stringify(view, null, 2)}\n`);
  else if (holder === null) process.stdout.write(`No host runs in ${runtimeDirectory}.\n`);
  else process.stdout.write(`The host runs (process ${holder.pid}) since ${new Date(holder.sinceMs).toISOString()}, its API at ${apiSocketPath}.\n`);
  return holder === null ? NOT_RUNNING : 0;
}

async function stop({ configPath, guests }: Extract<DaemonCommand, { kind: 'host-stop' }>): Promise<number> {
  const hasStopped = await stopDaemon({ configPath, guests });
  process.stdout.write(hasStopped ? `The host has ended${guests === 'leave' ? '; its guests wait for the next one' : ', with its guests'}.\n` : 'No host ran.\n');
  return 0;
}
