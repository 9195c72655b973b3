#!/usr/bin/env node
import { parseCommandLine } from './arguments.ts';
import { capture } from './capture.ts';
import { HELP } from './help.ts';
import { parseHost, runHost } from './host.ts';
import { info } from './info.ts';
import { replay } from './replay.ts';
import { run } from './run.ts';
import { UsageError } from './usage-error.ts';
import { version } from './version.ts';

const FAILURE = 1;
const USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

/** Messages for people end here: every expected failure is one line on standard error. */
async function main(args: readonly string[]): Promise<number> {
  try {
    if (args[0] === 'capture') return await capture(args.slice(1));
    if (args[0] === 'replay') return await replay(args.slice(1));
    if (args[0] === 'host') return await runHost(parseHost(args.slice(1)));
    const command = parseCommandLine(args);
    switch (command.kind) {
      case 'help':
        process.stdout.write(HELP[command.topic]);
        return 0;
      case 'version':
        process.stdout.write(`${version()}\n`);
        return 0;
      case 'info':
        return await info(command);
      case 'run':
        return await run(command);
    }
  } catch (error) {
    process.stderr.write(`gpup: ${(error as Error).message}\n`);
    return error instanceof UsageError ? USAGE : FAILURE;
  }
}
