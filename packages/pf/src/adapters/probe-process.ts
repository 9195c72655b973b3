import { spawn } from 'node:child_process';
import { forgoIoUring } from '@gpup/sandbox';
import { type MeasureState, decodeMeasureStates } from '@gpup/sandbox/measures';
import { type AdapterKind, EXECUTOR_VARIABLE, type Executor, type ProbedAdapter, vfProgramPath } from '@gpup/vf/boot';
import { PF_LIMITS } from '../limits.ts';
import { WITHOUT_IO_URING } from '../vf-process.ts';

export type ProbeResult =
  | ({ readonly kind: 'probed' } & Probe)
  | { readonly kind: 'failed'; readonly message: string };

interface Probe {
  readonly adapters: readonly ProbedAdapter[];
  readonly executor: Executor;
  /** What a VF takes from itself here; null: the process did not live to say so. */
  readonly isolation: readonly MeasureState[] | null;
}

/** Asks a short-lived VF process which adapters Dawn opens: no process of ours but a VF loads a driver, which may crash or hang. */
export async function probeAdapters(environment: Readonly<Record<string, string>>, kind: AdapterKind): Promise<ProbeResult> {
  forgoIoUring();
  const executor = process.env[EXECUTOR_VARIABLE];
  const env = { ...environment, ...WITHOUT_IO_URING, ...(executor === undefined ? {} : { [EXECUTOR_VARIABLE]: executor }) };
  const child = spawn(process.execPath, [vfProgramPath(), '--probe', String(process.pid), kind], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  const stdout = collect(child.stdout, PF_LIMITS.probeOutputBytesMax);
  const stderr = collect(child.stderr, PF_LIMITS.vfErrorTailBytes);
  const timer = setTimeout(() => child.kill('SIGKILL'), PF_LIMITS.probeMsMax);
  const ending = await new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `exit status ${code}`));
  });
  clearTimeout(timer);
  // The probe ends itself by SIGKILL when it has printed its line, so the line decides, not the ending.
  const probe = decodeProbe(stdout());
  if (probe !== undefined) return { kind: 'probed', ...probe };
  const lastLine = stderr().trim().split('\n').at(-1);
  return { kind: 'failed', message: `The probe process ended early (${ending})${lastLine ? `: ${lastLine}` : ''}.` };
}

/** Keeps the first bytes and reads away the rest. */
function collect(stream: NodeJS.ReadableStream, bytesMax: number): () => string {
  const chunks: Buffer[] = [];
  let keptBytes = 0;
  stream.on('data', (chunk: Buffer) => {
    const kept = chunk.subarray(0, bytesMax - keptBytes);
    keptBytes += kept.length;
    if (kept.length > 0) chunks.push(kept);
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** The probe runs our own code and no guest's; yet a driver may have printed into its output. */
function decodeProbe(text: string): Probe | undefined {
  const found = lineOf(text, 'adapters') as Omit<Probe, 'isolation'> | undefined;
  if (found === undefined) return undefined;
  const { isolation } = (lineOf(text, 'isolation') ?? {}) as { readonly isolation?: unknown };
  return { ...found, isolation: decodeMeasureStates(isolation) ?? null };
}

function lineOf(text: string, field: string): unknown {
  const line = text.split('\n').find((each) => each.startsWith(`{"${field}":[`));
  try {
    return line === undefined ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}
