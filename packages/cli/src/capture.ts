import { existsSync, statSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';
import type { Command } from './arguments.ts';
import { formatByteCount } from './byte-count.ts';
import { run } from './run.ts';
import { UsageError } from './usage-error.ts';

/** Runs a program, and keeps what it sends to the GPU. Resolves with the program's exit status. */
export async function capture({ output, run: command }: Extract<Command, { readonly kind: 'capture' }>): Promise<number> {
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
