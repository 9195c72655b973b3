import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { ACCEPTED, APPLICATION_ERROR } from './cells.ts';
import type { DefectResult } from './defects/proof.ts';
import type { Report } from './report.ts';

/** Puts a section into a file, in place of the one of that name that an earlier run left there. */
export function writeSection(path: string, name: string, text: string): void {
  const [begin, end] = [`<!-- fuzz ${name}: written by npm run fuzz -- --markdown -->`, `<!-- fuzz ${name} ends -->`];
  const whole = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const [from, to] = [whole.indexOf(begin), whole.indexOf(end)];
  const section = `${begin}\n${text}\n${end}`;
  const isThere = from >= 0 && to > from;
  writeFileSync(path, isThere ? whole.slice(0, from) + section + whole.slice(to + end.length) : `${whole}${section}\n`);
}

/** What a run saw: how much, every cell, and every other entry. */
export function reportSection(report: Report): string {
  const { cells, impossible } = report;
  const parts = [figures(report), `### Packets and recorded commands\n\n${outcomeTable(report)}`];
  if (cells.below1000.length === 0) parts.push(`### Cells that cannot be\n\n${impossibleTable(impossible)}`);
  if (Object.keys(report.operations).length > 0) parts.push(`### Other entries\n\n${operationTable(report.operations)}`);
  return parts.join('\n\n');
}

export function defectSection(results: readonly DefectResult[]): string {
  // A thread that never came back has not said how many it had.
  const rows = results.map(({ defect, found, inputs, seconds }) => [defect.name, defect.what, found ?? 'not found', inputs === 0 ? '–' : number(inputs), seconds.toFixed(1)]);
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  return `${table(['defect', 'what is wrong', 'found as', 'inputs', 'seconds'], rows)}\n\n${results.length} defects, ${total.toFixed(0)} seconds in all.`;
}

function figures(report: Report): string {
  const { seed, inputs, sessions, seconds, cpuSeconds, inputsByTarget, cells, findings } = report;
  const own = findings.filter(({ isBackendBug }) => !isBackendBug);
  const lines = [
    `- seed ${seed}: ${number(inputs)} inputs in ${number(sessions)} sessions, ${number(seconds)} s (${number(cpuSeconds)} s of processor time)`,
    `- by target: ${Object.entries(inputsByTarget).map(([name, count]) => `${name} ${number(count)}`).join(', ')}`,
    `- findings: ${own.length === 0 ? 'none' : own.map(({ kind, row, message }) => `${kind} in ${row}: ${message}`).join('; ')}`,
  ];
  if (cells.below1000.length === 0) lines.push(`- ${cells.possible} cells that can be; the least filled has ${number(cells.least)}`);
  for (const { message, count } of findings.filter(({ isBackendBug }) => isBackendBug)) lines.push(`- Dawn's own: ${message} (${number(count)} sessions)`);
  return lines.join('\n');
}

function outcomeTable({ outcomes }: Report): string {
  const rows = Object.entries(outcomes).map(([name, counts]) => {
    const faults = Object.entries(counts).filter(([outcome]) => outcome !== ACCEPTED && outcome !== APPLICATION_ERROR);
    const times = faults.map(([, count]) => count);
    const [least, most] = [Math.min(...times), Math.max(...times)].map(number);
    return [name, count(counts[ACCEPTED]), count(counts[APPLICATION_ERROR]), `${least}–${most}`, faults.map(([fault]) => fault).join(', ')];
  });
  return table(['packet or command', 'accepted', 'application error', 'each refusal', 'reasons of refusal'], rows);
}

function impossibleTable(impossible: Report['impossible']): string {
  const byReason = new Map<string, Map<string, number>>();
  for (const outcomes of Object.values(impossible)) {
    for (const [outcome, why] of Object.entries(outcomes)) {
      const counts = byReason.get(why) ?? new Map<string, number>();
      byReason.set(why, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
    }
  }
  const rows = [...byReason].map(([why, counts]) => [why, [...counts].map(([outcome, cells]) => `${outcome} ${cells}`).join(', ')]);
  return table(['why not', 'outcome, and in how many rows'], rows);
}

function operationTable(operations: Report['operations']): string {
  const rows = Object.entries(operations).map(([name, outcomes]) => [name, Object.entries(outcomes).map(([outcome, times]) => `${outcome} ${number(times)}`).join(', ')]);
  return table(['operation', 'outcomes'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function count(value: number | undefined): string {
  return value === undefined ? '–' : number(value);
}

function number(value: number): string {
  return Math.round(value).toLocaleString('en');
}
