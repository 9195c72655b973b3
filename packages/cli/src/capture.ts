import { existsSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import { HELP, type Options, parseOptions, RUN, runCommand } from './arguments.ts';
import { formatByteCount } from './byte-count.ts';
import { run } from './run.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS: Options = { ...RUN, ...HELP, output: { type: 'string', short: 'o' } };
const DEFAULT_OUTPUT = 'capture.gpupcap';

const USAGE = `Usage: gpup capture [OPTIONS] -- PROGRAM [ARGUMENTS]

Runs a program as "gpup run" does, and keeps what it sends to the GPU in a file, with what it
was answered: for "gpup replay", for reports of bugs, and as input for the fuzzer. Each process
and worker that opens the GPU gets a file of its own: FILE, FILE.2, and so on, the number before
the extension. A file holds all data that the program gives to the GPU; only its owner can read it.

Options:
  -o, --output FILE       where to (default: ${DEFAULT_OUTPUT}); it must not exist
  -h, --help              show this help
All options of "gpup run" are known too.

Exit status: as of "gpup run".
`;

export async function capture(args: readonly string[]): Promise<number> {
  const parsed = parseOptions(args, OPTIONS, 'gpup capture');
  if (parsed.values['help'] === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  const command = runCommand(parsed, 'gpup capture');
  const { output = DEFAULT_OUTPUT } = parsed.values;
  if (typeof output !== 'string' || output === '') throw new UsageError(`--output (${String(output)}) is not a path.`);
  const path = resolve(output);
  if (existsSync(path)) throw new UsageError(`--output (${output}) exists: a capture is never written over anything.`);
  if (!existsSync(dirname(path))) throw new UsageError(`--output (${output}) is in a directory that does not exist.`);
  const status = await run(command, { capturePath: path });
  report(path);
  return status;
}

function report(path: string): void {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  let found = path;
  for (let number = 2; existsSync(found); number++) {
    process.stderr.write(`gpup: captured ${found} (${formatByteCount(statSync(found).size)}).\n`);
    found = `${stem}.${number}${extension}`;
  }
  if (found === path) process.stderr.write('gpup: the program opened no GPU: nothing was captured.\n');
}
