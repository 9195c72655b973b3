import { inspect } from 'node:util';
import { Worker } from 'node:worker_threads';
import { FlightRecorder } from './flight-recorder.ts';
import { OutcomeTable } from './outcome-table.ts';
import type { KeptFinding, RunOptions, RunResult } from './run.ts';
import { TallyTable } from './tally-table.ts';
import { Patience } from './time/patience.ts';
import { statOf, type ThreadStat } from './time/thread-stat.ts';
import type { WorkerMessage, WorkerTask } from './worker.ts';

export interface FleetOptions extends Omit<RunOptions, 'job' | 'jobCount'> {
  readonly jobs: number;
  readonly progress: (line: string) => void;
}

export interface FleetResult {
  readonly table: OutcomeTable;
  readonly tally: TallyTable;
  readonly inputCount: number;
  readonly sessionCount: number;
  readonly inputCountByTarget: Readonly<Record<string, number>>;
  readonly findings: readonly KeptFinding[];
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** No step takes this long unless it never ends. */
const HANG_MS = 15_000;
const WATCH_MS = 1_000;
const HEAP_MEGABYTES_MAX = 1024;

/** Runs the jobs in threads of their own, and watches them: one that hangs or dies has left its last steps. */
export async function runFleet(options: FleetOptions): Promise<FleetResult> {
  const table = new OutcomeTable();
  const tally = new TallyTable();
  const inputCounts = new Array<number>(options.jobs).fill(0);
  const startMs = performance.now();
  const report = (): void => {
    const total = inputCounts.reduce((sum, count) => sum + count, 0);
    options.progress(`${total} inputs, ${Math.round((total / (performance.now() - startMs)) * 1000)}/s`);
  };
  const results = await Promise.all(
    inputCounts.map((_, job) =>
      runJob({ ...options, job, jobCount: options.jobs, inputCountMax: Math.ceil(options.inputCountMax / options.jobs) }, (message) => {
        if (message.type === 'died') return;
        if (message.type === 'progress') {
          inputCounts[job] = message.inputCount;
          report();
          return;
        }
        table.merge(message.table);
        for (const [name, count] of Object.entries(message.unexpected)) table.unexpected.set(name, (table.unexpected.get(name) ?? 0) + count);
        tally.merge(message.tally);
      }),
    ),
  );
  return { table, tally, ...sumUp(results), seconds: (performance.now() - startMs) / 1000 };
}

function sumUp(results: readonly RunResult[]): Omit<FleetResult, 'table' | 'tally' | 'seconds'> {
  const inputCountByTarget: Record<string, number> = {};
  for (const result of results) {
    for (const [name, count] of Object.entries(result.inputCountByTarget)) inputCountByTarget[name] = (inputCountByTarget[name] ?? 0) + count;
  }
  return {
    inputCount: results.reduce((sum, result) => sum + result.inputCount, 0),
    sessionCount: results.reduce((sum, result) => sum + result.sessionCount, 0),
    inputCountByTarget,
    findings: results.flatMap((result) => result.findings),
    // The processor's time is that of the process: each job measured all of it.
    cpuSeconds: Math.max(...results.map((result) => result.cpuSeconds)),
  };
}

function runJob(options: RunOptions & { readonly progress?: unknown; readonly jobs?: unknown }, onMessage: (message: WorkerMessage) => void): Promise<RunResult> {
  const { seed, job, jobCount, seconds, inputCountMax, targets, stopsAtFinding, corpus = null, trace = null } = options;
  const recorder = new FlightRecorder();
  const task: WorkerTask = { options: { seed, job, jobCount, seconds, inputCountMax, targets, stopsAtFinding, corpus, trace }, memory: recorder.memory };
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: task,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MEGABYTES_MAX },
    });
    const settle = (result: RunResult): void => {
      clearInterval(watch);
      resolve(result);
    };
    const lost = (kind: string, message: string): void => {
      if (recorder.sessionCount > 0) return settle(lostResult(options, recorder, { kind, message }));
      // Nothing has been tried: that says nothing about the host.
      clearInterval(watch);
      reject(new Error(`The fuzzer could not start: ${message}`));
    };
    const patience = new Patience(() => statsOf(recorder));
    let lastProgress = -1;
    const watch = setInterval(() => {
      const progress = recorder.progress;
      if (progress !== lastProgress) {
        lastProgress = progress;
        patience.restart();
        return;
      }
      patience.look(WATCH_MS);
      if (patience.spentMs <= HANG_MS) return;
      lost('hang', `no step in ${HANG_MS} ms`);
      void worker.terminate();
    }, WATCH_MS);
    worker.on('message', (message: WorkerMessage) => {
      onMessage(message);
      if (message.type === 'done') settle(message.result);
      if (message.type === 'died') lost('thread', message.message);
    });
    worker.on('error', (error: unknown) => lost('thread', error instanceof Error ? `${error.name}: ${error.message}` : inspect(error)));
  });
}

function statsOf({ threadId }: FlightRecorder): readonly ThreadStat[] {
  const stat = threadId === 0 ? null : statOf(`/proc/self/task/${threadId}/stat`);
  return stat === null ? [] : [stat];
}

/** All that is left of a job whose thread is gone. */
function lostResult({ seed }: RunOptions, recorder: FlightRecorder, cause: { readonly kind: string; readonly message: string }): RunResult {
  const { target, kept } = recorder.last() ?? { target: '(start)', kept: { options: null, steps: [] } };
  const finding = { kind: cause.kind, row: target, message: cause.message };
  return { inputCount: 0, sessionCount: recorder.sessionCount, inputCountByTarget: {}, findings: [{ target, finding, kept, seed, stream: -1, count: 1 }], seconds: 0, cpuSeconds: 0 };
}
