import type { Provider } from './provider.ts';

/** Who is measured: a provider in Node, a guest that owns an adapter of a standing host whole, or a browser. */
export type ContestantName = Provider | 'dda' | 'chromium';

export interface Contestant {
  readonly name: ContestantName;
  /** Why this one does not take part in a workload; undefined if it does. */
  reasonAgainst(workloadName: string): string | undefined;
  /** Starts a process for this workload alone, set up and warm. Rejects with the reason. */
  open(workloadName: string): Promise<OpenContestant>;
  close(): Promise<void>;
}

export interface OpenContestant {
  readonly adapter: string;
  measure(): Promise<number>;
  close(): Promise<void>;
}

/** `steady`: measured in its stride (see `SteadyMeasure`). `young`: its first rounds, compilers and all. */
export type ProgramAge = 'steady' | 'young';
