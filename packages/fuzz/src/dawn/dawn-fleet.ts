import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { softwareAdapters } from '@gpup/pf';
import { type Finding, findingKey } from '../finding.ts';
import type { FleetResult } from '../fleet.ts';
import { minimize } from '../minimize.ts';
import { OutcomeTable } from '../outcome-table.ts';
import type { KeptFinding, RunResult } from '../run.ts';
import { TallyTable } from '../tally-table.ts';
import type { Case, Target } from '../target.ts';
import { Patience } from '../time/patience.ts';
import { statsOfProcess } from '../time/thread-stat.ts';
import type { DawnMessage, DawnTask } from './child.ts';
import { EVERY_CALL_DIRECT } from './executor-choice.ts';
import { readRecord } from './file-recorder.ts';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** No step takes this long unless it never ends. */
const HANG_MS = 60_000;
const WATCH_MS = 500;
/** A context lasts as long as its process, as that of a VF does: so thousands of them are dealt out to several. */
const INPUTS_PER_PROCESS = 8192;
const MINIMIZE_MS_MAX = 60_000;
const ERROR_TAIL_CHARACTERS = 600;

export interface DawnFleetOptions {
  readonly seed: number;
  readonly seconds: number;
  readonly inputCountMax: number;
  readonly stopsAtFinding: boolean;
  readonly progress: (line: string) => void;
}

/** Attacks the command processor on Dawn, in a process that is started again whenever it has died. */
export async function runDawnFleet(options: DawnFleetOptions): Promise<FleetResult> {
  const fleet = new DawnFleet(options, (await softwareAdapters()).environment);
  try {
    return await fleet.run();
  } finally {
    fleet.close();
  }
}

/** Plays a kept session on Dawn, in a process of its own; its finding, if it still has one. */
export async function replayOnDawn(kept: Case): Promise<Finding | null> {
  const options = { seed: 0, seconds: 0, inputCountMax: 0, stopsAtFinding: true, progress: () => {} };
  const fleet = new DawnFleet(options, (await softwareAdapters()).environment);
  try {
    return (await fleet.replay(kept)) ?? (await fleet.replayDirectly(kept));
  } finally {
    fleet.close();
  }
}

interface ChildEnd {
  readonly messages: readonly DawnMessage[];
  /** Null if it came to its end as it should. */
  readonly finding: Finding | null;
}

class DawnFleet {
  readonly #options: DawnFleetOptions;
  readonly #environment: Readonly<Record<string, string>>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'gpup-fuzz-'));
  readonly #findings = new Map<string, KeptFinding>();
  readonly #table = new OutcomeTable();
  /** Of the process that runs now: every call that can be goes to Dawn directly. */
  #isDirect = false;
  #inputCount = 0;
  #sessionCount = 0;
  #cpuSeconds = 0;

  constructor(options: DawnFleetOptions, environment: Readonly<Record<string, string>>) {
    this.#options = options;
    this.#environment = environment;
  }

  close(): void {
    rmSync(this.#directory, { recursive: true });
  }

  async run(): Promise<FleetResult> {
    const { seconds, inputCountMax, stopsAtFinding } = this.#options;
    const startMs = performance.now();
    const leftSeconds = (): number => seconds - (performance.now() - startMs) / 1000;
    while (leftSeconds() > 0 && this.#inputCount < inputCountMax && !(stopsAtFinding && this.#findings.size > 0)) {
      await this.#runChild(leftSeconds());
    }
    return {
      table: this.#table,
      tally: new TallyTable(),
      inputCount: this.#inputCount,
      sessionCount: this.#sessionCount,
      inputCountByTarget: { dawn: this.#inputCount },
      findings: [...this.#findings.values()],
      seconds: (performance.now() - startMs) / 1000,
      cpuSeconds: this.#cpuSeconds,
    };
  }

  /** One process, until it has used up its share or died. */
  async #runChild(seconds: number): Promise<void> {
    const { seed, inputCountMax, stopsAtFinding, progress } = this.#options;
    this.#isDirect = !this.#isDirect;
    const recordPath = join(this.#directory, 'record');
    writeFileSync(recordPath, '');
    const options = {
      seed, job: 0, jobCount: 1, seconds, targets: [], stopsAtFinding,
      inputCountMax: Math.min(INPUTS_PER_PROCESS, inputCountMax - this.#inputCount),
      firstSession: this.#sessionCount,
    };
    const { messages, finding } = await this.#child({ type: 'run', options, recordPath }, recordPath, (message) => {
      if (message.type === 'progress' && message.sessionCount % 64 === 0) progress(`${this.#inputCount + message.result.inputCount} inputs`);
    });
    const last = messages.findLast((message) => message.type === 'progress');
    if (last?.type === 'progress') this.#add(last.result, last.table);
    if (finding === null) return;
    // The session that ended the process is not to be run again.
    this.#sessionCount++;
    const record = readRecord(recordPath);
    await this.#keep(finding, record?.kept ?? { options: null, steps: [] });
  }

  #add(result: RunResult, table: Record<string, Record<string, number>>): void {
    this.#inputCount += result.inputCount;
    this.#sessionCount += result.sessionCount;
    this.#cpuSeconds += result.cpuSeconds;
    this.#table.merge(table);
    for (const found of result.findings) this.#findings.set(findingKey(found.finding), found);
  }

  async #keep(finding: Finding, kept: Case): Promise<void> {
    const key = findingKey(finding);
    const known = this.#findings.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    this.#options.progress(`${finding.kind}: ${finding.message}`);
    const deadlineMs = performance.now() + MINIMIZE_MS_MAX;
    const smaller = finding.kind === 'crash' ? await minimize(this.#asTarget(), kept, finding, deadlineMs) : kept;
    this.#findings.set(key, { target: 'dawn', finding, kept: smaller, seed: this.#options.seed, stream: -1, count: 1 });
  }

  /** A case played in a process of its own: one that dies of it has the finding. */
  #asTarget(): Target {
    return { name: 'dawn', attempt: () => Promise.reject(new Error('Only for replays.')), replay: (kept) => this.replay(kept) };
  }

  replayDirectly(kept: Case): Promise<Finding | null> {
    this.#isDirect = true;
    return this.replay(kept);
  }

  async replay(kept: Case): Promise<Finding | null> {
    const casePath = join(this.#directory, 'case.json');
    writeFileSync(casePath, JSON.stringify(kept));
    const { messages, finding } = await this.#child({ type: 'replay', casePath }, casePath, () => {});
    const replayed = messages.find((message) => message.type === 'replayed');
    return finding ?? (replayed?.type === 'replayed' ? replayed.finding : null);
  }

  /** Watches one process; `path` is the file that it writes as long as it makes progress. */
  #child(task: DawnTask, path: string, onMessage: (message: DawnMessage) => void): Promise<ChildEnd> {
    const child = fork(CHILD, this.#isDirect ? [EVERY_CALL_DIRECT] : [], { env: { ...process.env, ...this.#environment }, execArgv: ['--expose-gc'], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    const messages: DawnMessage[] = [];
    let isDone = false;
    let errorTail = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      errorTail = (errorTail + chunk.toString('utf8')).slice(-ERROR_TAIL_CHARACTERS);
    });
    child.on('message', (message: DawnMessage) => {
      if (message.type === 'ready') child.send(task);
      if (message.type === 'done') isDone = true;
      messages.push(message);
      // Each report says all: only the last one matters.
      if (messages.length > 3) messages.shift();
      onMessage(message);
    });
    return new Promise((resolve) => {
      let hangs = false;
      const patience = new Patience(() => statsOfProcess(child.pid as number));
      let lastProgressMs = -1;
      const watch = setInterval(() => {
        const { mtimeMs } = statSync(path);
        if (mtimeMs !== lastProgressMs) {
          lastProgressMs = mtimeMs;
          patience.restart();
          return;
        }
        patience.look(WATCH_MS);
        hangs = patience.spentMs > HANG_MS;
        if (hangs) child.kill('SIGKILL');
      }, WATCH_MS);
      child.once('close', (status, signal) => {
        clearInterval(watch);
        resolve({ messages, finding: endOf({ status, signal, hangs, isDone, errorTail }) });
      });
    });
  }
}

interface ProcessEnd {
  readonly status: number | null;
  readonly signal: string | null;
  readonly hangs: boolean;
  readonly isDone: boolean;
  readonly errorTail: string;
}

function endOf({ status, signal, hangs, isDone, errorTail }: ProcessEnd): Finding | null {
  if (hangs) return { kind: 'hang', row: 'dawn', message: `no step in ${HANG_MS} ms` };
  if (isDone) return null;
  const [firstLine = ''] = errorTail.trim().split('\n');
  return { kind: 'crash', row: 'dawn', message: `${signal ?? `exit status ${status}`} ${firstLine}`.trim() };
}

