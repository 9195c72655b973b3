import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '@gpup/api/client';
import { printable, printableJson } from '@gpup/base';
import type { Command } from '../arguments.ts';
import { ASCII_BLOCKS, BLOCKS } from './graph.ts';
import { NO_HISTORIES } from './history.ts';
import { Live, afterReading } from './live.ts';
import { Meter, type Reading } from './meter.ts';
import { takeSample } from './sample.ts';
import { type TopState, linesOf } from './screen.ts';

export type TopCommand = Extract<Command, { readonly kind: 'top' }>;

/** Of a file or a pipe, where nothing else is said. */
const TEXT_WIDTH = 100;

/** Shows what a host's partitions do: as a picture on a terminal, as text else, or as JSON. */
export async function top(host: Host, command: TopCommand): Promise<void> {
  const meter = new Meter(() => takeSample(host));
  await meter.begin();
  if (command.json) return await print(meter, command, jsonOf);
  const { stdin, stdout } = process;
  if (command.once || !stdout.isTTY) return await print(meter, command, textOf(command));
  const { intervalMs, sort } = command;
  await new Live({
    meter, intervalMs,
    input: stdin.isTTY ? stdin : null,
    output: stdout,
    sorting: { key: sort, isReversed: false },
    blocks: hasUnicode(process.env) ? BLOCKS : ASCII_BLOCKS,
  }).run();
}

/** Prints what comes to pass in each interval. With `--once` a host that goes away meanwhile is an error. */
async function print(meter: Meter, { intervalMs, once }: TopCommand, written: (reading: Reading) => string): Promise<void> {
  do {
    await pause(intervalMs);
    const reading = await meter.read();
    if (once && reading.kind === 'gone') throw reading.error;
    process.stdout.write(written(reading));
  } while (!once);
}

/** Lines of JSON: `rates`, or `gone` where the host could not be asked. */
function jsonOf(reading: Reading): string {
  const line = reading.kind === 'rates' ? { type: reading.kind, ...reading.rates } : { type: reading.kind, timeMs: Date.now(), code: reading.error.code, message: reading.error.message };
  return `${printableJson(line)}\n`;
}

/** Whole pictures of as many lines as they need, one below the other. */
function textOf({ intervalMs, sort, once }: TopCommand): (reading: Reading) => string {
  const screen = { width: process.stdout.columns ?? widthOf(process.env['COLUMNS']), height: Number.POSITIVE_INFINITY, blocks: BLOCKS };
  let state: TopState = { rates: undefined, histories: NO_HISTORIES, trouble: undefined, intervalMs, sorting: { key: sort, isReversed: false }, scroll: 0, isLive: false };
  return (reading) => {
    state = afterReading(state, reading);
    if (reading.kind === 'gone') return `${printable(reading.error.message)} Trying again.\n`;
    return `${linesOf(state, screen).map(({ text }) => text).join('\n')}\n${once ? '' : '\n'}`;
  };
}

function widthOf(columns: string | undefined): number {
  const width = Number(columns);
  return Number.isSafeInteger(width) && width > 0 ? width : TEXT_WIDTH;
}

/** As the locale says: where it is "C" a terminal shows what it likes for anything but ASCII. */
function hasUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
