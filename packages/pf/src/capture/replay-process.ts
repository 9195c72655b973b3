import { spawn } from 'node:child_process';
import { forgoIoUring } from '@gpup/sandbox';
import { type ReplayLine, type ReplayTask, vfProgramPath } from '@gpup/vf/boot';
import { type AdapterPreference, chooseAdapter } from '../adapters/choice.ts';
import { defaultVramBytes } from '../default-budget.ts';
import { PF_LIMITS } from '../limits.ts';
import { WITHOUT_IO_URING } from '../vf-process.ts';

export type ReplayReport = Extract<ReplayLine, { type: 'replayed' }>['report'];

export interface ReplayRequest extends Omit<ReplayTask, 'dawnFlags' | 'vramBytesMax' | 'adapter'> {
  readonly adapter: AdapterPreference;
}

export type ReplayResult =
  | { readonly kind: 'replayed'; readonly adapter: 'hardware' | 'software'; readonly report: ReplayReport }
  /** The file cannot be replayed, or nothing can be replayed on this machine. */
  | { readonly kind: 'refused'; readonly message: string }
  /** What the file asks for has ended the process that replayed it. */
  | { readonly kind: 'died'; readonly adapter: 'hardware' | 'software'; readonly message: string };

/** Replays a capture in a process like a VF's, which a hostile file may crash or hang as a hostile guest may. */
export async function replayInProcess({ adapter, ...task }: ReplayRequest): Promise<ReplayResult> {
  const found = await chooseAdapter(adapter);
  if (found.kind === 'none') return { kind: 'refused', message: `No GPU found. ${found.reasons.join(' ')}` };
  const { environment, dawnFlags, kind } = found.choice;
  const argument = JSON.stringify({ ...task, dawnFlags, adapter: kind, vramBytesMax: defaultVramBytes(kind) } satisfies ReplayTask);
  forgoIoUring();
  const child = spawn(process.execPath, ['--expose-gc', vfProgramPath(), '--replay', String(process.pid), argument], {
    cwd: '/',
    env: { ...environment, ...WITHOUT_IO_URING },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stdout = firstBytes(child.stdout, PF_LIMITS.replayOutputBytesMax);
  const stderr = firstBytes(child.stderr, PF_LIMITS.vfErrorTailBytes);
  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  const line = decodeLine(stdout());
  // It ends itself by SIGKILL when it has printed its line, so the line decides, not the ending.
  if (line?.type === 'replayed') return { kind: 'replayed', adapter: kind, report: line.report };
  if (line?.type === 'refused') return { kind: 'refused', message: line.message };
  return { kind: 'died', adapter: kind, message: `The process that replays ended early (${ending}). ${stderr().trim()}`.trim() };
}

function firstBytes(stream: NodeJS.ReadableStream, bytesMax: number): () => string {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, bytesMax - keptBytes);
    keptBytes += kept.length;
    chunks.push(kept);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** A driver may have printed into the output too. */
function decodeLine(text: string): ReplayLine | undefined {
  const line = text.split('\n').find((each) => each.startsWith('{"type":"re'));
  try {
    return line === undefined ? undefined : (JSON.parse(line) as ReplayLine);
  } catch {
    return undefined;
  }
}
