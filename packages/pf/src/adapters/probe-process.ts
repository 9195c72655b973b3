import { spawn } from 'node:child_process';
import { EXECUTOR_VARIABLE, type Executor, type ProbedAdapter, vfProgramPath } from '@gpup/vf/boot';
import { PF_LIMITS } from '../limits.ts';

export type ProbeResult =
  | ({ readonly kind: 'probed' } & Probe)
  | { readonly kind: 'failed'; readonly message: string };

interface Probe {
  readonly adapters: readonly ProbedAdapter[];
  readonly executor: Executor;
}

/** Asks a short-lived VF process which adapters Dawn opens: no process of ours but a VF loads a driver, which may crash or hang. */
export async function probeAdapters(environment: Readonly<Record<string, string>>): Promise<ProbeResult> {
  const executor = process.env[EXECUTOR_VARIABLE];
  const env = executor === undefined ? environment : { ...environment, [EXECUTOR_VARIABLE]: executor };
  const child = spawn(process.execPath, [vfProgramPath(), '--probe', String(process.pid)], { env, cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
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
  for (const line of text.split('\n')) {
    if (!line.startsWith('{"adapters":[')) continue;
    try {
      return JSON.parse(line) as Probe;
    } catch {
      return undefined;
    }
  }
  return undefined;
}
