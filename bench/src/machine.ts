import { cpus, totalmem } from 'node:os';

/** What figures are of, as `--json` writes it. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly node: string;
  readonly platform: string;
}

export function thisMachine(): Machine {
  return { cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, memoryBytes: totalmem(), node: process.version, platform: `${process.platform}-${process.arch}` };
}

export function describeMachine({ cores, cpu, node }: Machine): string {
  return `${cores} cores (${cpu}), Node ${node}`;
}
