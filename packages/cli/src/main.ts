#!/usr/bin/env node
import { parseCommandLine } from './arguments.ts';
import { CommandError } from './command-error.ts';
import { help } from './command-line/help.ts';
import { printable } from './printable.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

const DONE = 0;
const FAILURE = 1;
const USAGE = 2;

/** Whoever read standard output has seen enough (`| head`): no reason for a word. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(DONE);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));

/** Messages for people end here: every expected failure is one line on standard error. */
async function main(args: readonly string[]): Promise<number> {
  try {
    return await perform(parseCommandLine(args));
  } catch (error) {
    process.stderr.write(`gpup: ${printable((error as Error).message)}\n`);
    if (error instanceof CommandError) return error.exitStatus;
    return error instanceof UsageError ? USAGE : FAILURE;
  }
}

/** Each command loads what it needs, and nothing of the others: a program that is run has a GPU the sooner. */
async function perform(command: ReturnType<typeof parseCommandLine>): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(help(command.topic));
      return DONE;
    case 'version':
      process.stdout.write(`${version()}\n`);
      return DONE;
    case 'info':
      return await (await import('./info.ts')).info(command);
    case 'run':
      return await (await import('./run.ts')).run(command);
    case 'capture':
      return await (await import('./capture.ts')).capture(command);
    case 'replay':
      return await (await import('./replay.ts')).replay(command);
    case 'host-start':
    case 'host-status':
    case 'host-stop':
      return await (await import('./host.ts')).runHost(command);
    case 'completion':
      process.stdout.write((await import('./command-line/completion.ts')).completionScript(command.shell));
      return DONE;
    default:
      await (await import('./host-commands/operate.ts')).operate(command);
      return DONE;
  }
}
