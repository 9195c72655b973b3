/**
 * `npm start`: one host process and four guests at once, each with a partition of its own. Three run ordinary
 * WebGPU programs; the fourth is hostile. See `--help`.
 */
import { HELP, UsageError, parseDemoArguments } from './arguments.ts';
import { DemoRun } from './demo-run.ts';

const FAILURE = 1;
const USAGE = 2;

process.exitCode = await main(process.argv.slice(2));

/** Messages for people end here: every expected failure is one line on standard error. */
async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseDemoArguments(args);
    if (options !== null) return await new DemoRun(options).run();
    process.stdout.write(HELP);
    return 0;
  } catch (error) {
    process.stderr.write(`demo: ${(error as Error).message}\n`);
    return error instanceof UsageError ? USAGE : FAILURE;
  }
}
