import type { Violation } from '../findings.ts';
import type { MemoryRow } from './memory-record.ts';

/** What a soak was, and what it has found. */
export interface Summary {
  readonly seed: number;
  readonly isClean: boolean;
  readonly minutes: number;
  readonly stepCount: number;
  /** The last one that began. */
  readonly lastStep: string;
  readonly violations: readonly Violation[];
  /** Where the host's files are left to be looked at; null where nothing was found. */
  readonly keptDirectory: string | null;
  readonly counts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** One row for each rest. */
  readonly memory: readonly MemoryRow[];
}

export function markdownOf(summary: Summary): string {
  const { seed, minutes, stepCount, isClean, counts, memory, violations } = summary;
  return [
    `Seed ${seed}: ${stepCount} steps in ${minutes} minutes, ${isClean ? 'nothing found' : `${violations.length} violations`}.`,
    '',
    ...violations.map(({ invariant, message, stepIndex }) => `- step ${stepIndex}, ${invariant}: ${message}`),
    ...(violations.length > 0 ? [''] : []),
    '| what | how often |',
    '|---|---|',
    ...Object.entries(counts).map(([group, each]) => `| ${group} | ${Object.entries(each).map(([what, count]) => `${what} ${count}`).join(', ')} |`),
    '',
    '| minute | at rest | daemon (process), MiB | VFs | largest VF, MiB | video memory of all guests, MiB |',
    '|---|---|---|---|---|---|',
    ...memory.map(({ minute, when, daemonPid, daemonMiB, vfCount, vfMiBMax, vramMiB }) => `| ${minute} | ${when} | ${daemonMiB} (${daemonPid}) | ${vfCount} | ${vfMiBMax} | ${vramMiB} |`),
    '',
  ].join('\n');
}
