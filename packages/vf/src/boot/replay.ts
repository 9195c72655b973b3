import { writeSync } from 'node:fs';
import { missingText } from '@gpup/sandbox/measures';
import { CaptureFile } from '../capture/capture-file.ts';
import { CaptureReader } from '../capture/capture-reader.ts';
import { CaptureError } from '../capture/format.ts';
import { type ReplayReport, replayCapture } from '../capture/replay.ts';
import { dawnBackend } from '../dawn-backend.ts';
import type { AdapterKind } from './config.ts';
import { confineProcess } from './confinement.ts';
import { loadDawn, openGpu } from './dawn.ts';
import { LOADING_ACT_COUNT, rehearse } from './rehearsal.ts';
import type { VfLoop } from './vf-loop.ts';

/** What a process that replays a capture is told, as JSON on its command line. */
export interface ReplayTask {
  readonly path: string;
  readonly dawnFlags: readonly string[];
  readonly hashesBuffers: boolean;
  readonly stallMsMax: number;
  /** Null: as much as the adapter has. */
  readonly vramBytesMax: number | null;
  readonly adapter: AdapterKind;
}

/** The line that such a process prints. */
export type ReplayLine =
  | { readonly type: 'replayed'; readonly report: ReplayReport }
  /** The file cannot be replayed. */
  | { readonly type: 'refused'; readonly message: string };

const STDOUT_FD = 1;

/** Replays the file on Dawn, and prints what came of it. */
export async function replayFile(task: ReplayTask, loop: VfLoop): Promise<void> {
  loop.takeTicks();
  const line = await lineOf(task, loop);
  const bytes = Buffer.from(`${JSON.stringify(line)}\n`);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(STDOUT_FD, bytes, offset);
}

async function lineOf({ path, dawnFlags, adapter, ...options }: ReplayTask, loop: VfLoop): Promise<ReplayLine> {
  try {
    const file = new CaptureFile(path);
    const capture = new CaptureReader(file);
    const backend = dawnBackend({ gpu: openGpu(await loadDawn(), dawnFlags), hurry: () => loop.hurry() });
    // A file may be hostile as a guest is. From here on this process opens nothing, and has the file.
    await rehearse(backend, () => true, LOADING_ACT_COUNT);
    const lacking = missingText(confineProcess(adapter));
    if (lacking !== '') process.stderr.write(`The file is replayed by a process that is not isolated in every way; missing: ${lacking}.\n`);
    return { type: 'replayed', report: await replayCapture({ ...options, capture, backend }) };
  } catch (error) {
    if (error instanceof CaptureError || isFileError(error)) return { type: 'refused', message: (error as Error).message };
    throw error;
  }
}

function isFileError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
