/**
 * The configuration of a host that lives on its own: one JSON file. docs/host-config.schema.json describes the same for
 * editors; a test holds the two together. docs/host-config.md says what each field is for.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ISOLATION_MODES, type IsolationMode } from '@gpup/sandbox/measures';
import { ADAPTER_PREFERENCES, type AdapterPreference } from './adapters/choice.ts';
import { type TextRule, badField, booleanOf, fieldPath, fieldsOf, textOf, wholeNumberOf, wordOf } from './fields.ts';
import { PF_LIMITS } from './limits.ts';
import type { AdapterScheduling } from './actions.ts';
import { Refusal } from './refusal.ts';
import { SCHEDULING_DEFAULT, decodeScheduling } from './scheduling.ts';
import { TDR_COUNT_DEFAULTS, type TdrCountLimits } from './tdr/tdr-count.ts';
import { TDR_DEFAULTS, type TdrLimits } from './tdr/tdr-policy.ts';

export const LOG_LEVELS = ['error', 'warning', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface HostConfig {
  readonly adapter: AdapterPreference;
  /** Null: one where no hardware adapter is offered, else none. */
  readonly softwareAdapters: number | null;
  /** Sockets. Gone after a restart of the machine. */
  readonly runtimeDirectory: string;
  /** What has to outlive the machine's restart. */
  readonly stateDirectory: string;
  /** Null: the Unix socket alone. */
  readonly listen: TcpListen | null;
  readonly pool: number;
  /** How long VF processes go on without a daemon. */
  readonly orphanMsMax: number;
  readonly tdr: TdrConfig;
  /** Of each adapter for which nothing else was asked for. */
  readonly scheduling: AdapterScheduling;
  readonly logLevel: LogLevel;
  /** Whether a host without definitions makes a partition `default` with the whole of the first adapter. */
  readonly defaultPartition: boolean;
  /** Whether guests are served where VF processes cannot be isolated in every way. */
  readonly isolation: IsolationMode;
  /** What each VF process may use, in hundredths of a processor, where there are control groups. Null: all that others leave, in equal shares. */
  readonly vfProcessorPercentMax: number | null;
}

export interface TcpListen {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Holds a token with which callers may do everything. Null: only tokens of the host itself are taken. */
  readonly tokenFile: string | null;
}

export interface TdrConfig extends TdrCountLimits {
  readonly hardware: TdrLimits;
  readonly software: TdrLimits;
}

/** Where this process would put things, and look for its configuration, if nobody says otherwise. */
export interface HostSurroundings {
  readonly isRoot: boolean;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** For a runtime directory where the session has none. Private: made with mode 0700. */
  readonly temporaryDirectory: string;
  readonly uid: number;
}

export const HOST_CONFIG_FIELDS = [
  'adapter', 'softwareAdapters', 'runtimeDirectory', 'stateDirectory', 'listen', 'pool', 'orphanMsMax', 'tdr', 'scheduling', 'logLevel', 'defaultPartition',
  'isolation', 'vfProcessorPercentMax',
] as const satisfies readonly (keyof HostConfig)[];

const TDR_FIELDS = ['hardware', 'software', 'limitCount', 'limitTimeMs'] as const satisfies readonly (keyof TdrConfig)[];
/** Tells an editor how to check the file; nothing to us. */
const SCHEMA_FIELD = '$schema';

const TEN_MINUTES_MS = 600_000;

/** Printable ASCII, so that characters are bytes: the kernel counts the bytes of a socket's path. */
const RUNTIME_DIRECTORY: TextRule = {
  pattern: /^\/[ -~]*$/,
  lengthMax: PF_LIMITS.runtimeDirectoryLengthMax,
  is: 'an absolute path in printable ASCII (sockets lie in it, whose paths are short)',
};
// biome-ignore lint/suspicious/noControlCharactersInRegex: a path may hold anything but this one
const ABSOLUTE_PATH: TextRule = { pattern: /^\/[^\u0000]*$/, lengthMax: PF_LIMITS.pathLengthMax, is: 'an absolute path' };
const ANY_TEXT: TextRule = { pattern: /^/, lengthMax: PF_LIMITS.pathLengthMax, is: 'a text' };
const HOST_AND_PORT = /^(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?):(0|[1-9][0-9]{0,4})$/;
const PORT_MAX = 65_535;

/** Reads the file, or answers with the defaults where there is none and nobody has named it. Throws a Refusal that names file and field. */
export function loadHostConfig(path: string, surroundings: HostSurroundings, { required }: { readonly required: boolean }): HostConfig {
  try {
    const text = readConfig(path, required);
    return decodeHostConfig(text === null ? {} : parse(text), surroundings);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(error.code, `The configuration ${path} cannot be used: ${error.message}`, error.field);
  }
}

export function decodeHostConfig(value: unknown, surroundings: HostSurroundings): HostConfig {
  const fields = fieldsOf(value, '', [...HOST_CONFIG_FIELDS, SCHEMA_FIELD]);
  const { adapter = 'auto', softwareAdapters, pool = 1, orphanMsMax = TEN_MINUTES_MS, tdr = {}, scheduling = {}, logLevel = 'info', defaultPartition = true } = fields;
  const { isolation = 'prefer' } = fields;
  const { runtimeDirectory = defaultRuntimeDirectory(surroundings), stateDirectory = defaultStateDirectory(surroundings) } = fields;
  if (fields[SCHEMA_FIELD] !== undefined) textOf(fields[SCHEMA_FIELD], SCHEMA_FIELD, ANY_TEXT);
  return {
    adapter: wordOf(adapter, 'adapter', ADAPTER_PREFERENCES),
    softwareAdapters: softwareAdapters === undefined ? null : wholeNumberOf(softwareAdapters, 'softwareAdapters', { min: 0, max: PF_LIMITS.softwareAdaptersMax }),
    runtimeDirectory: textOf(runtimeDirectory, 'runtimeDirectory', RUNTIME_DIRECTORY),
    stateDirectory: textOf(stateDirectory, 'stateDirectory', ABSOLUTE_PATH),
    listen: fields.listen === undefined ? null : decodeListen(fields.listen),
    pool: wholeNumberOf(pool, 'pool', { min: 0, max: PF_LIMITS.poolSizeMax }),
    orphanMsMax: wholeNumberOf(orphanMsMax, 'orphanMsMax', { min: PF_LIMITS.orphanMsMin, max: PF_LIMITS.orphanMsMax, unit: 'ms' }),
    tdr: decodeTdr(tdr),
    scheduling: decodeScheduling(scheduling, 'scheduling', SCHEDULING_DEFAULT),
    logLevel: wordOf(logLevel, 'logLevel', LOG_LEVELS),
    defaultPartition: booleanOf(defaultPartition, 'defaultPartition'),
    isolation: wordOf(isolation, 'isolation', ISOLATION_MODES),
    vfProcessorPercentMax: percentOf(fields.vfProcessorPercentMax, 'vfProcessorPercentMax'),
  };
}

/** The file that is read where `--config` names none. */
export function defaultConfigPath({ isRoot, environment, home }: HostSurroundings): string {
  return isRoot ? '/etc/gpup/host.json' : join(environment['XDG_CONFIG_HOME'] || join(home, '.config'), 'gpup/host.json');
}

export function defaultRuntimeDirectory({ isRoot, environment, temporaryDirectory, uid }: HostSurroundings): string {
  if (isRoot) return '/run/gpup';
  const session = environment['XDG_RUNTIME_DIR'];
  return session ? join(session, 'gpup-host') : join(temporaryDirectory, `gpup-host-${uid}`);
}

export function defaultStateDirectory({ isRoot, environment, home }: HostSurroundings): string {
  return isRoot ? '/var/lib/gpup' : join(environment['XDG_STATE_HOME'] || join(home, '.local/state'), 'gpup');
}

function decodeListen(value: unknown): TcpListen {
  const { tcp, tokenFile } = fieldsOf(value, 'listen', ['tcp', 'tokenFile']);
  const [, host, port] = (typeof tcp === 'string' ? HOST_AND_PORT.exec(tcp) : null) ?? [];
  if (host === undefined || Number(port) > PORT_MAX) {
    throw badField('listen.tcp', tcp, `is not host:port or [address]:port with a port from 0 to ${PORT_MAX}`);
  }
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port),
    tokenFile: tokenFile === undefined ? null : textOf(tokenFile, 'listen.tokenFile', ABSOLUTE_PATH),
  };
}

function percentOf(value: unknown, path: string): number | null {
  const range = { min: PF_LIMITS.vfProcessorPercentMin, max: PF_LIMITS.vfProcessorPercentMax };
  return value === undefined ? null : wholeNumberOf(value, path, range);
}

function decodeTdr(value: unknown): TdrConfig {
  const { limitCount = TDR_COUNT_DEFAULTS.limitCount, limitTimeMs = TDR_COUNT_DEFAULTS.limitTimeMs, ...kinds } = fieldsOf(value, 'tdr', TDR_FIELDS);
  const { hardware = {}, software = {} } = kinds;
  return {
    hardware: decodeDelays(hardware, 'tdr.hardware', TDR_DEFAULTS.hardware),
    software: decodeDelays(software, 'tdr.software', TDR_DEFAULTS.software),
    limitCount: wholeNumberOf(limitCount, 'tdr.limitCount', { min: 0, max: PF_LIMITS.tdrLimitCountMax }),
    limitTimeMs: wholeNumberOf(limitTimeMs, 'tdr.limitTimeMs', { min: PF_LIMITS.tdrLimitTimeMsMin, max: PF_LIMITS.tdrLimitTimeMsMax, unit: 'ms' }),
  };
}

function decodeDelays(value: unknown, path: string, defaults: TdrLimits): TdrLimits {
  const { delayMs = defaults.delayMs, ddiDelayMs = defaults.ddiDelayMs } = fieldsOf(value, path, ['delayMs', 'ddiDelayMs']);
  const range = { min: PF_LIMITS.tdrDelayMsMin, max: PF_LIMITS.tdrDelayMsMax, unit: 'ms' };
  return { delayMs: wholeNumberOf(delayMs, fieldPath(path, 'delayMs'), range), ddiDelayMs: wholeNumberOf(ddiDelayMs, fieldPath(path, 'ddiDelayMs'), range) };
}

function readConfig(path: string, required: boolean): string | null {
  try {
    const text = readFileSync(path, 'utf8');
    if (text.length <= PF_LIMITS.configBytesMax) return text;
    throw new Refusal('bad-config', `it has ${text.length} characters, more than it may have (${PF_LIMITS.configBytesMax}).`);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !required) return null;
    throw new Refusal('bad-config', `${(error as Error).message}.`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal('bad-json', `it is not JSON (${(error as Error).message}).`);
  }
}
