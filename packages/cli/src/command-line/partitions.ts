import type { CapabilityRequest, LatencyClass, PartitionChange, PartitionRequest, TimestampClass } from '@gpup/api/client';
import { PF_LIMITS } from '@gpup/pf';
import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';
import { bytes, choice, flag, share, value, values, wholeNumber, word } from './option.ts';
import { HOST, JSON_OUTPUT } from './shared-options.ts';

const PARTITION = { name: 'NAME', help: "the partition's name" } as const;
const memory = bytes(PF_LIMITS.vramBytesMax);

/** What can be given at first and changed later. */
const QUANTITIES = {
  vram: value('BYTES', 'video memory: exactly this much, unless --vram-min or --vram-max say otherwise; 268435456, 256MiB, 1G', memory),
  'vram-min': value('BYTES', 'never less video memory than this', memory),
  'vram-max': value('BYTES', 'never more video memory than this', memory),
  compute: value('SHARE', "part of the adapter's time: exactly this, unless --compute-min or --compute-max say otherwise; 1/4, 0.25, 25%", share),
  'compute-min': value('SHARE', "never less of the adapter's time than this", share),
  'compute-max': value('SHARE', "never more of the adapter's time than this", share),
  contexts: value('N', 'guests that may have it open at once', wholeNumber({ min: 1, max: PF_LIMITS.contextsMax })),
  'host-memory': value('BYTES', "the host's memory that its guests may cause to be in use", memory),
  escape: values('NAME', 'open an escape', word),
  'latency-class': choice(['interactive', 'throughput'], 'interactive: somebody waits for each result, so its turns come out of order, within its share'),
  timestamps: choice(['none', 'coarse', 'fine'], 'how finely guests may read the clock of the GPU: not at all, in steps of 65,536 ns (default), or as the adapter gives it, for tenants who are trusted'),
} as const;

interface Quantities {
  readonly vram: number | undefined;
  readonly 'vram-min': number | undefined;
  readonly 'vram-max': number | undefined;
  readonly compute: number | undefined;
  readonly 'compute-min': number | undefined;
  readonly 'compute-max': number | undefined;
  readonly contexts: number | undefined;
  readonly 'host-memory': number | undefined;
  readonly escape: readonly string[];
  readonly 'latency-class': LatencyClass | undefined;
  readonly timestamps: TimestampClass | undefined;
}

const SIZES_HELP = 'a fraction of the adapter (1/8, 1/6, 1/4, 1/3, 1/2, 1) or a cloud size (NV6ads-A10-v5): sets what is not given otherwise';

export const PARTITION_COMMANDS = [
  command({
    path: 'partition create',
    summary: 'Create a partition',
    description:
      'Creates a partition of an adapter, with budgets that bite: who would use more is refused. It lives until it is removed, also when the host is started anew. Guests connect to its socket, which is printed.',
    operands: [PARTITION],
    options: {
      tenant: value('TENANT', "whose it is, for its whole life: tokens of this tenant see it (default: nobody's, which is the operators')", word),
      adapter: value('ID', "the adapter, as gpup adapters shows it (default: the host's first one)", word),
      size: value('SIZE', SIZES_HELP, word),
      ...QUANTITIES,
      encode: value('BLOCKS', 'blocks of 540p60 of video encoding: refused as unsupported until an encoder enforces them', wholeNumber({ min: 1, max: 1024 })),
      feature: values('NAME', 'let guests see no other WebGPU features than the named ones, so that the partition can move between unlike adapters', word),
      limit: values('NAME=VALUE', 'let guests see no better WebGPU limit than this', limitPair),
      ...JSON_OUTPUT,
      ...HOST,
    },
    examples: ['gpup partition create alpha --size 1/4', 'gpup partition create ci --tenant acme --size 1/8', 'gpup partition create beta --vram 2GiB --compute 1/8 --contexts 4', 'gpup partition create gamma --vram 2GiB --vram-min 1GiB --limit maxBufferSize=268435456'],
    build: ({ tenant, adapter, size, encode, feature, limit, json, host, ...quantities }, [name = '']) => {
      const baseline = { ...(feature.length === 0 ? {} : { features: feature }), ...(limit.length === 0 ? {} : { limits: Object.fromEntries(limit) }) };
      const request: PartitionRequest = {
        name,
        ...defined({ tenant, adapter, size }),
        ...quantitiesOf(quantities),
        ...(encode === undefined ? {} : { encode: exactly(encode) }),
        ...(Object.keys(baseline).length === 0 ? {} : { baseline }),
      };
      return { kind: 'partition-create', request, json, host };
    },
  }),
  command({
    path: 'partition list',
    summary: 'Show all partitions',
    description: 'Shows all partitions of the running host, with what they use of what they have.',
    options: { ...JSON_OUTPUT, ...HOST },
    build: ({ json, host }) => ({ kind: 'partition-list', json, host }),
  }),
  command({
    path: 'partition show',
    summary: 'Show a partition, and its largest allocations',
    description: 'Shows one partition: its budgets, what is in use, its counts, and the largest allocations of its guests by their labels.',
    operands: [PARTITION],
    options: { allocations: value('N', 'show this many allocations at most (default 10)', wholeNumber({ min: 1, max: 1024 })), ...JSON_OUTPUT, ...HOST },
    build: ({ allocations = 10, json, host }, [name = '']) => ({ kind: 'partition-show', name, allocations, json, host }),
  }),
  command({
    path: 'partition set',
    summary: 'Change a partition while its guests run',
    description:
      'Changes what is given and nothing else. A budget below what is in use is refused; with --when-in-use wait it is reached as guests free memory, and nothing more is given to them meanwhile.',
    operands: [PARTITION],
    options: { ...QUANTITIES, 'no-escapes': flag('close all escapes'), 'when-in-use': choice(['refuse', 'wait'], 'refuse (default), or wait until it is free'), ...JSON_OUTPUT, ...HOST },
    examples: ['gpup partition set alpha --vram 1GiB', 'gpup partition set alpha --vram 512MiB --when-in-use wait'],
    build: ({ 'when-in-use': whenInUse, 'no-escapes': noEscapes, json, host, ...quantities }, [name = '']) => {
      if (noEscapes && quantities.escape.length > 0) throw new UsageError('--no-escapes and --escape are both given.');
      const wanted = { ...quantitiesOf(quantities), ...(noEscapes ? { escapes: [] } : {}) };
      if (Object.keys(wanted).length === 0) throw new UsageError('Nothing is given to change; see gpup partition set --help.');
      const change: PartitionChange = { ...wanted, ...defined({ whenInUse }) };
      return { kind: 'partition-set', name, change, json, host };
    },
  }),
  command({
    path: 'partition rm',
    summary: 'Remove a partition',
    description: 'Removes a partition. One that has guests is refused, unless --force ends them.',
    operands: [PARTITION],
    options: { force: flag('end its guests'), ...HOST },
    build: ({ force, host }, [name = '']) => ({ kind: 'partition-rm', name, force, host }),
  }),
  command({
    path: 'partition unblock',
    summary: 'Let guests into a partition again',
    description: 'Lets guests into a partition again that was blocked because the work of its guests did not end in time, too often (TDR).',
    operands: [PARTITION],
    options: { ...JSON_OUTPUT, ...HOST },
    build: ({ json, host }, [name = '']) => ({ kind: 'partition-unblock', name, json, host }),
  }),
] as const;

function quantitiesOf(given: Quantities): Omit<PartitionChange, 'whenInUse'> {
  const vram = capability(given.vram, given['vram-min'], given['vram-max']);
  const compute = capability(given.compute, given['compute-min'], given['compute-max']);
  const escapes = given.escape.length === 0 ? undefined : given.escape;
  return defined({ vram, compute, contextsMax: given.contexts, hostBytesMax: given['host-memory'], escapes, latencyClass: given['latency-class'], timestamps: given.timestamps });
}

/** One number is all three: a budget. */
function capability(optimal: number | undefined, min: number | undefined, max: number | undefined): CapabilityRequest | undefined {
  if (optimal === undefined && min === undefined && max === undefined) return undefined;
  return defined({ min: min ?? optimal, max: max ?? optimal, optimal });
}

function exactly(count: number): CapabilityRequest {
  return { min: count, max: count, optimal: count };
}

type Defined<T> = { readonly [Name in keyof T]?: Exclude<T[Name], undefined> };

function defined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, field]) => field !== undefined)) as Defined<T>;
}

function limitPair(text: string, option: string): readonly [string, number] {
  const [, name, number] = /^([A-Za-z][A-Za-z0-9]*)=(\d{1,16})$/.exec(text) ?? [];
  if (name !== undefined && Number.isSafeInteger(Number(number))) return [name, Number(number)];
  throw new UsageError(`${option} (${text}) is not NAME=VALUE with a whole number; example: maxBufferSize=268435456.`);
}
