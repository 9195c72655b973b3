import { ADAPTER_PREFERENCES, PF_LIMITS } from '@gpup/pf';
import { formatByteCount } from '../byte-count.ts';
import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';
import { bytes, choice, flag, value, wholeNumber, word } from './option.ts';

export const TRANSPORTS = ['aperture', 'stream'] as const;

/** The replay went otherwise than the capture. */
export const REPLAY_DIFFERENT = 3;
const PATIENCE_SECONDS = 30;
const PATIENCE_SECONDS_MAX = 86_400;
const CAPTURE_OUTPUT = 'capture.gpupcap';

const ADAPTER = { adapter: choice(ADAPTER_PREFERENCES, 'auto (default): a real GPU if there is one, else the bundled software GPU') } as const;

const RUN_OPTIONS = {
  vram: value(
    'BYTES',
    `budget of video memory, up to ${formatByteCount(PF_LIMITS.vramBytesMax)}: 268435456, 256MiB, 1G (default: a quarter of the machine's memory on a software adapter, what the driver gives on others)`,
    bytes(PF_LIMITS.vramBytesMax),
  ),
  ...ADAPTER,
  transport: choice(TRANSPORTS, 'how commands travel: shared memory (default) or a byte stream'),
  pool: value(
    'N',
    `processes kept ready for programs that open the GPU, 0 to ${PF_LIMITS.poolSizeMax}: each takes some 20 MiB and makes one start faster (default: GPUP_POOL, or else 1)`,
    wholeNumber({ min: 0, max: PF_LIMITS.poolSizeMax }),
  ),
  'require-isolation': flag('do not run it where the process that holds the GPU cannot be isolated in every way (docs/hardening.md)'),
} as const;

const PLACE_OPTIONS = {
  partition: value('NAME', 'run it in this partition of the running host (default: the one whose socket GPUP_SOCKET names, or else the partition "default" of the host that runs, if one does)', word),
  ephemeral: flag('run it with a partition of its own, also where a host runs; --vram, --adapter, --pool and --require-isolation, which describe such a partition, mean that as well'),
} as const;

const PROGRAM_STATUSES = [
  ['N', "the program's own"],
  ['128 + N', 'signal N ended the program'],
  ['126', 'the program cannot be executed'],
  ['127', 'the program is not found'],
] as const;

/** What runs programs, and what they run on. */
export const PROGRAM_COMMANDS = [
  command({
    path: 'run',
    summary: 'Run a program in a GPU partition',
    description:
      'Runs a program in a partition of the host that runs (gpup host start), or, where none runs, with a partition of its own that ends with the program. Node programs find navigator.gpu and the WebGPU classes in place; the processes and workers that they start share the partition. The host is found by GPUP_HOST, or else at the socket of this user\'s host.',
    trailing: '-- PROGRAM [ARGUMENTS]',
    options: { ...PLACE_OPTIONS, ...RUN_OPTIONS },
    exitStatuses: PROGRAM_STATUSES,
    examples: ['gpup run -- node app.js', 'gpup run --partition alpha -- node app.js', 'gpup run --vram 512MiB -- node train.mjs'],
    build: (options, words) => runOf(options, words, 'gpup run'),
  }),
  command({
    path: 'info',
    summary: 'Show the GPUs that can be used, and versions',
    description: 'Shows the GPUs that Dawn can open on this machine, versions, limits, and the path of the module that stands in for npm "webgpu" in a guest. It asks no host.',
    options: { json: flag('print one JSON object') },
    build: ({ json }) => ({ kind: 'info', json }),
  }),
  command({
    path: 'capture',
    summary: 'Run a program, and keep what it sends to the GPU in a file',
    description:
      'Runs a program as "gpup run" does, and keeps what it sends to the GPU in a file, with what it was answered: for "gpup replay", for reports of bugs, and as input for the fuzzer. Each process and worker that opens the GPU gets a file of its own: FILE, FILE.2, and so on, the number before the extension. A file holds all data that the program gives to the GPU; only its owner can read it.',
    trailing: '-- PROGRAM [ARGUMENTS]',
    options: { output: { ...value('FILE', `where to (default: ${CAPTURE_OUTPUT}); it must not exist`, word), short: 'o' }, ...RUN_OPTIONS },
    exitStatuses: PROGRAM_STATUSES,
    build: ({ output = CAPTURE_OUTPUT, ...options }, words) => ({ kind: 'capture', output, run: runOf(options, words, 'gpup capture') }),
  }),
  command({
    path: 'replay',
    summary: 'Play such a file again, and compare the answers',
    description:
      'Plays a file of "gpup capture" to a GPU again, and compares the answers with those that the program was given. It runs in a process of its own, which the file can end but not leave.',
    operands: [{ name: 'FILE', help: 'the file' }],
    options: {
      ...ADAPTER,
      buffers: flag('show a hash of the contents of every buffer at the end'),
      patience: value('SECONDS', `how long one answer may take (default: ${PATIENCE_SECONDS})`, patience),
      json: flag('print one JSON object'),
    },
    exitStatuses: [
      ['0', 'everything came as it was captured'],
      [String(REPLAY_DIFFERENT), 'an answer or the end differs, or the replaying process ended early'],
      ['1', 'the file is damaged, or there is no GPU'],
    ],
    build: ({ adapter = 'auto', buffers, patience: patienceSeconds = PATIENCE_SECONDS, json }, [path = '']) => ({ kind: 'replay', path, adapter, buffers, patienceSeconds, json }),
  }),
] as const;

interface RunValues {
  readonly partition?: string | undefined;
  readonly ephemeral?: boolean;
  readonly vram: number | undefined;
  readonly adapter: (typeof ADAPTER_PREFERENCES)[number] | undefined;
  readonly transport: (typeof TRANSPORTS)[number] | undefined;
  readonly pool: number | undefined;
  readonly 'require-isolation': boolean;
}

function runOf({ partition, ephemeral = false, vram, adapter, transport = 'aperture', pool, ...given }: RunValues, [program, ...programArgs]: readonly string[], of: string) {
  if (program === undefined || program === '') throw new UsageError(`No program is given to run; example: ${of} -- node app.js`);
  const requiresIsolation = given['require-isolation'];
  const [ownOption] = Object.entries({ ephemeral: ephemeral || undefined, vram, adapter, pool, 'require-isolation': requiresIsolation || undefined }).flatMap(([name, given]) => (given === undefined ? [] : [`--${name}`]));
  if (partition !== undefined && ownOption !== undefined) throw new UsageError(`--partition (${partition}) and ${ownOption} are both given: that one is for a partition of the program's own.`);
  const words: readonly [string, ...string[]] = [program, ...programArgs];
  return { kind: 'run', partition, isEphemeral: ownOption !== undefined, adapter, transport, vramBytes: vram, pool, requiresIsolation, command: words } as const;
}

function patience(text: string, option: string): number {
  const seconds = Number(text);
  if (text !== '' && seconds > 0 && seconds <= PATIENCE_SECONDS_MAX) return seconds;
  throw new UsageError(`${option} (${text}) is not a number of seconds up to ${PATIENCE_SECONDS_MAX}.`);
}
