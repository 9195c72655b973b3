import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { pathToFileURL } from 'node:url';
import { type HostLaunch, PRELOAD_PATH, SOCKET_VARIABLE, TRANSPORT_VARIABLE } from '@gpup/guest';
import type { RunCommand } from './arguments.ts';
import { type RunPlace, placeFor } from './run-place.ts';
import { cliStep } from './steps.ts';

/** As shells have it: the program is there but cannot be executed, or is not there. */
const CANNOT_EXECUTE = 126;
const NOT_FOUND = 127;

/** Runs a program in a partition, and resolves with the exit status to end with. */
export async function run(options: RunCommand, launch: Pick<HostLaunch, 'capturePath'> = {}): Promise<number> {
  const place = await placeFor(options, launch);
  try {
    return await runProgram(options, place);
  } finally {
    cliStep('cli.program-ended');
    await place.end();
  }
}

/** How the host process ends when it is asked to. */
const CLEAN_END = 'exit status 0';

async function runProgram(options: RunCommand, place: RunPlace): Promise<number> {
  const [program, ...args] = options.command;
  const child = spawn(program, args, { stdio: 'inherit', env: guestEnvironment(options, place) });
  const stopForwarding = forwardSignals(child);
  let programEnded = false;
  void place.hostEnded?.then((how) => {
    // A host that was killed is worth a word also when the program, without a GPU, has ended first.
    if (!programEnded || how !== CLEAN_END) process.stderr.write(`gpup: the host process is gone (${how}); the program has lost its GPU.\n`);
  });
  try {
    return await exitStatus(child, program);
  } finally {
    programEnded = true;
    stopForwarding();
  }
}

/** The preload is added to what NODE_OPTIONS holds already. A file URL, because a path may contain spaces. */
function guestEnvironment({ transport }: RunCommand, place: RunPlace): NodeJS.ProcessEnv {
  const preload = `--import ${pathToFileURL(PRELOAD_PATH).href}`;
  const existing = process.env['NODE_OPTIONS'] ?? '';
  const nodeOptions = existing.includes(preload) ? existing : `${existing} ${preload}`.trim();
  return { ...process.env, NODE_OPTIONS: nodeOptions, [SOCKET_VARIABLE]: place.socketPath, [TRANSPORT_VARIABLE]: transport };
}

function exitStatus(child: ChildProcess, program: string): Promise<number> {
  return new Promise((resolve) => {
    child.once('spawn', () => cliStep('cli.program-started'));
    child.once('error', (error: NodeJS.ErrnoException) => {
      const found = error.code !== 'ENOENT' && error.code !== 'ENOTDIR';
      process.stderr.write(`gpup: ${found ? `program (${program}) cannot be executed (${error.code})` : `program (${program}) is not found`}.\n`);
      resolve(found ? CANNOT_EXECUTE : NOT_FOUND);
    });
    child.once('exit', (code, signal) => resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]));
  });
}

const FORWARDED_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
/** A terminal sends these to every process in the foreground, the program included: once is enough. */
const TERMINAL_SIGNALS: ReadonlySet<string> = new Set(['SIGHUP', 'SIGINT', 'SIGQUIT']);

/** The program decides what a signal means; this process ends when the program has ended. */
function forwardSignals(child: ChildProcess): () => void {
  const handlers = FORWARDED_SIGNALS.map((signal) => {
    const handler = (): void => {
      const sentByTerminal = TERMINAL_SIGNALS.has(signal) && process.stdin.isTTY;
      if (!sentByTerminal) child.kill(signal);
    };
    process.on(signal, handler);
    return [signal, handler] as const;
  });
  return () => {
    for (const [signal, handler] of handlers) process.off(signal, handler);
  };
}
