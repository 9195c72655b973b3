import { PF_LIMITS } from '@gpup/pf';
import { formatByteCount } from './byte-count.ts';

export const HELP = {
  gpup: `Usage: gpup COMMAND [OPTIONS]

Runs unmodified WebGPU programs in partitions of one GPU.

Commands:
  run [OPTIONS] -- PROGRAM [ARGUMENTS]   run a program with a GPU partition of its own
  info [--json]                          show the GPUs that can be used, and versions
  capture [OPTIONS] -- PROGRAM [ARGUMENTS]
                                         run a program, and keep what it sends to the GPU in a file
  replay FILE [OPTIONS]                  play such a file again, and compare the answers

Options:
  -h, --help      show this help; gpup COMMAND --help shows a command's
  -v, --version   show the version
`,
  run: `Usage: gpup run [OPTIONS] -- PROGRAM [ARGUMENTS]

Runs a program with a GPU partition of its own. Node programs find navigator.gpu and the
WebGPU classes in place; the processes and workers that they start share the partition.
The partition ends with the program.

Options:
  --vram BYTES            budget of video memory, up to ${formatByteCount(PF_LIMITS.vramBytesMax)}: 268435456, 256MiB, 1G (default: a quarter
                          of the machine's memory on a software adapter, what the driver gives on others)
  --adapter auto|hardware|software
                          auto (default): a real GPU if there is one, else the bundled software GPU
  --transport aperture|stream
                          how commands travel: shared memory (default) or a byte stream
  --pool N                processes kept ready for programs that open the GPU, 0 to ${PF_LIMITS.poolSizeMax}: each takes some
                          20 MiB and makes one start faster (default: GPUP_POOL, or else 1)
  -h, --help              show this help

Exit status: the program's own, 128 + N if signal N ended it; 126 if it cannot be executed, 127
if it is not found; 2 for a mistake on the command line; 1 if there is no GPU.
`,
  info: `Usage: gpup info [--json]

Shows the GPUs that Dawn can open on this machine, versions, limits, and the path of the
module that stands in for npm "webgpu" in a guest.

Options:
  --json       print one JSON object
  -h, --help   show this help
`,
} as const;
