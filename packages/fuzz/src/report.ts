import { isBackendBug } from './finding.ts';
import type { FleetResult } from './fleet.ts';

/** What a run says in the end, for programs. */
export interface Report {
  readonly seed: number;
  readonly backend: string;
  readonly inputs: number;
  readonly sessions: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly inputsByTarget: Readonly<Record<string, number>>;
  readonly cells: { readonly possible: number; readonly least: number; readonly below1000: readonly string[] };
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly impossible: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly operations: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly unexpected: Readonly<Record<string, number>>;
  readonly findings: readonly { readonly target: string; readonly kind: string; readonly row: string; readonly message: string; readonly count: number; readonly file: string; readonly isBackendBug: boolean }[];
}

const GOAL = 1000;

export function makeReport(result: FleetResult, run: { readonly seed: number; readonly backend: string }, files: readonly string[]): Report {
  const { table, tally, inputCount, sessionCount, findings } = result;
  return {
    ...run,
    inputs: inputCount,
    sessions: sessionCount,
    seconds: Number(result.seconds.toFixed(1)),
    cpuSeconds: Number(result.cpuSeconds.toFixed(1)),
    inputsByTarget: result.inputCountByTarget,
    cells: {
      possible: table.cells.length,
      least: table.countMin,
      below1000: table.cells.filter((cell) => cell.count < GOAL).map((cell) => `${cell.row.name} × ${cell.outcome}: ${cell.count}`),
    },
    outcomes: table.toJSON(),
    impossible: Object.fromEntries(table.rows.map((row) => [row.name, Object.fromEntries(row.impossible)])),
    operations: tally.toJSON(),
    unexpected: Object.fromEntries(table.unexpected),
    findings: findings.map(({ target, finding, count }, index) => {
      const { kind, row, message } = finding;
      return { target, kind, row, message, count, file: files[index] ?? '', isBackendBug: isBackendBug(finding, target) };
    }),
  };
}

export function formatReport(report: Report, result: FleetResult): string {
  const { inputs, sessions, seconds, cpuSeconds, cells, findings, unexpected, seed } = report;
  const lines = [
    'Packets and recorded commands by outcome; what is missing in a line cannot be (the JSON report says why):',
    result.table.format(),
    '',
    'Other entries by outcome:',
    result.tally.format(),
    '',
    `Seed ${seed}: ${inputs} inputs in ${sessions} sessions, ${seconds} s (${cpuSeconds} s of processor time, ${Math.round(inputs / cpuSeconds)} inputs per second of it).`,
    `${cells.possible} cells, the least filled has ${cells.least}; ${cells.below1000.length} have fewer than ${GOAL}.`,
  ];
  for (const [cell, count] of Object.entries(unexpected)) lines.push(`Unexpected cell: ${cell} (${count}).`);
  for (const { target, kind, row, message, count, file, isBackendBug } of findings) {
    lines.push(`${isBackendBug ? "DAWN'S OWN" : 'FINDING'} ${target}: ${kind}: ${row}: ${message} (${count} times) ${file}`);
  }
  lines.push(findings.length === 0 ? 'No findings.' : `${findings.length} findings.`);
  return lines.join('\n');
}
