import { parseArgs } from 'node:util';
import { type DaemonStatus, daemonStatus, runProgram, startDaemon, stopDaemon } from '@gpup/daemon';
import { UsageError } from './usage-error.ts';

/** `gpup host …`: the daemon's start, end and whereabouts. */
export type HostCommand =
  | { readonly kind: 'help' }
  | { readonly kind: 'start'; readonly configPath: string | undefined; readonly foreground: boolean }
  | { readonly kind: 'status'; readonly configPath: string | undefined; readonly json: boolean }
  | { readonly kind: 'stop'; readonly configPath: string | undefined; readonly guests: 'leave' | 'end' };

/** As init scripts have it: the host does not run. */
const NOT_RUNNING = 3;

const OPTIONS = {
  start: { help: { type: 'boolean', short: 'h' }, config: { type: 'string' }, foreground: { type: 'boolean' } },
  status: { help: { type: 'boolean', short: 'h' }, config: { type: 'string' }, json: { type: 'boolean' } },
  stop: { help: { type: 'boolean', short: 'h' }, config: { type: 'string' }, guests: { type: 'string' } },
} as const;

export function parseHost(args: readonly string[]): HostCommand {
  const [name, ...rest] = args;
  if (name === '--help' || name === '-h') return { kind: 'help' };
  switch (name) {
    case 'start': {
      const values = valuesOf('start', rest);
      return values['help'] === true ? { kind: 'help' } : { kind: 'start', configPath: textOf(values, 'config'), foreground: values['foreground'] === true };
    }
    case 'status': {
      const values = valuesOf('status', rest);
      return values['help'] === true ? { kind: 'help' } : { kind: 'status', configPath: textOf(values, 'config'), json: values['json'] === true };
    }
    case 'stop': {
      const values = valuesOf('stop', rest);
      return values['help'] === true ? { kind: 'help' } : { kind: 'stop', configPath: textOf(values, 'config'), guests: guestsOf(textOf(values, 'guests')) };
    }
    case undefined:
      throw new UsageError('No command is given; gpup host knows: start, status, stop.');
    default:
      throw new UsageError(`Unknown command (${name}); gpup host knows: start, status, stop.`);
  }
}

type Values = Readonly<Record<string, string | boolean>>;

function valuesOf(name: keyof typeof OPTIONS, args: readonly string[]): Values {
  const options: Readonly<Record<string, { readonly type: 'string' | 'boolean' }>> = OPTIONS[name];
  const { tokens } = parseArgs({ args: [...args], options: OPTIONS[name], strict: false, allowPositionals: true, tokens: true });
  const values: Record<string, string | boolean> = {};
  for (const token of tokens) {
    if (token.kind !== 'option') throw new UsageError(`gpup host ${name} takes no argument (${token.kind === 'positional' ? token.value : '--'}).`);
    const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (option === undefined) throw new UsageError(`Unknown option (${token.rawName}) of gpup host ${name}; see gpup host --help.`);
    if (Object.hasOwn(values, token.name)) throw new UsageError(`Option ${token.rawName} is given twice.`);
    if (option.type === 'string' && (token.value === undefined || token.value === '')) throw new UsageError(`Option ${token.rawName} needs a value.`);
    if (option.type === 'boolean' && token.value !== undefined) throw new UsageError(`Option ${token.rawName} takes no value (${token.value}).`);
    values[token.name] = token.value ?? true;
  }
  return values;
}

function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function guestsOf(value = 'leave'): 'leave' | 'end' {
  if (value === 'leave' || value === 'end') return value;
  throw new UsageError(`--guests (${value}) is none of leave, end.`);
}

/** Resolves with the exit status; a host in the foreground never resolves, as it is this process. */
export async function runHost(command: HostCommand): Promise<number> {
  switch (command.kind) {
    case 'help':
      process.stdout.write(HOST_HELP);
      return 0;
    case 'start':
      return command.foreground ? runInForeground(command.configPath) : start(command.configPath);
    case 'status':
      return status(daemonStatus(command), command.json);
    case 'stop':
      return stop(command);
  }
}

async function runInForeground(configPath: string | undefined): Promise<never> {
  await runProgram({ configPath, foreground: true });
  return new Promise(() => {});
}

async function start(configPath: string | undefined): Promise<number> {
  const { pid, apiSocket, adoptedCount } = await startDaemon({ configPath });
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

async function stop({ configPath, guests }: Extract<HostCommand, { kind: 'stop' }>): Promise<number> {
  const hasStopped = await stopDaemon({ configPath, guests });
  process.stdout.write(hasStopped ? `The host has ended${guests === 'leave' ? '; its guests wait for the next one' : ', with its guests'}.\n` : 'No host ran.\n');
  return 0;
}

export const HOST_HELP = `Usage: gpup host start [--foreground] [--config PATH]
       gpup host status [--json] [--config PATH]
       gpup host stop [--guests leave|end] [--config PATH]

The host that lives on its own: partitions of this machine's GPUs, for programs that connect to
them. Its guests outlive it: they go on when it ends or is killed, and the next one takes them over.

start    starts a host in the background, and returns when it is ready
  --foreground          this process is the host, and its log goes to standard error
status   tells whether one runs
  --json                print one JSON object
stop     ends it
  --guests leave|end    leave (default): guests go on, and wait for the next host as long as the
                        configuration says (orphanMsMax); end: they lose their GPU

  --config PATH         the configuration (docs/host-config.md); default: /etc/gpup/host.json for root,
                        $XDG_CONFIG_HOME/gpup/host.json for others, which may be missing
  -h, --help            show this help

Exit status: 0; 1 if the host does not start or end; 2 for a mistake on the command line; 3 from
"status" if no host runs.
`;
