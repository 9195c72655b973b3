import { ADAPTER_PREFERENCES, PF_LIMITS } from '@gpup/pf';
import { formatByteCount } from '../byte-count.ts';
import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';
import { bytes, choice, flag, value, wholeNumber } from './option.ts';

export const TRANSPORTS = ['aperture', 'stream'] as const;

/** What runs programs, and what they run on. */
export const PROGRAM_COMMANDS = [
  command({
    path: 'run',
    summary: 'Run a program with a GPU partition of its own',
    description:
      'Runs a program with a GPU partition of its own. Node programs find navigator.gpu and the WebGPU classes in place; the processes and workers that they start share the partition. The partition ends with the program.',
    trailing: '-- PROGRAM [ARGUMENTS]',
    options: {
      vram: value(
        'BYTES',
        `budget of video memory, up to ${formatByteCount(PF_LIMITS.vramBytesMax)}: 268435456, 256MiB, 1G (default: a quarter of the machine's memory on a software adapter, what the driver gives on others)`,
        bytes(PF_LIMITS.vramBytesMax),
      ),
      adapter: choice(ADAPTER_PREFERENCES, 'auto (default): a real GPU if there is one, else the bundled software GPU'),
      transport: choice(TRANSPORTS, 'how commands travel: shared memory (default) or a byte stream'),
      pool: value(
        'N',
        `processes kept ready for programs that open the GPU, 0 to ${PF_LIMITS.poolSizeMax}: each takes some 20 MiB and makes one start faster (default: GPUP_POOL, or else 1)`,
        wholeNumber({ min: 0, max: PF_LIMITS.poolSizeMax }),
      ),
    },
    exitStatuses: [
      ['N', "the program's own"],
      ['128 + N', 'signal N ended the program'],
      ['126', 'the program cannot be executed'],
      ['127', 'the program is not found'],
    ],
    examples: ['gpup run -- node app.js', 'gpup run --vram 512MiB -- node train.mjs'],
    build: ({ vram, adapter = 'auto', transport = 'aperture', pool }, [program, ...programArgs]) => {
      if (program === undefined || program === '') throw new UsageError('No program is given to run; example: gpup run -- node app.js');
      const run: readonly [string, ...string[]] = [program, ...programArgs];
      return { kind: 'run', adapter, transport, vramBytes: vram, pool, command: run };
    },
  }),
  command({
    path: 'info',
    summary: 'Show the GPUs that can be used, and versions',
    description: 'Shows the GPUs that Dawn can open on this machine, versions, limits, and the path of the module that stands in for npm "webgpu" in a guest. It asks no host.',
    options: { json: flag('print one JSON object') },
    build: ({ json }) => ({ kind: 'info', json }),
  }),
] as const;
