/** `npm run fuzz -- …`: see USAGE. Exit status 1: something was found. */
import { readFileSync, writeFileSync } from 'node:fs';
import { type FuzzArguments, parseArguments, REAL_TARGETS, USAGE } from './arguments.ts';
import { replayReal, runReal } from './real.ts';
import { proveDefects } from './defects/proof.ts';
import type { Finding } from './finding.ts';
import { readFinding, writeFinding } from './finding-file.ts';
import { runFleet } from './fleet.ts';
import { defectSection, reportSection, writeSection } from './markdown.ts';
import { formatReport, makeReport, type Report } from './report.ts';
import type { Case } from './target.ts';
import { makeTargets } from './targets.ts';

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function fuzz(options: FuzzArguments): Promise<boolean> {
  const { seed, jobs, seconds, inputs, targets, stopsAtFinding, findings, backend, json, markdown, corpus, trace } = options;
  say(`Seed ${seed}, ${jobs} ${jobs === 1 ? 'thread' : 'threads'}.`);
  const common = { seed, seconds, inputCountMax: inputs, targets, stopsAtFinding, progress: everyTenth(say) };
  const result = backend === 'dawn' ? await runReal(common) : await runFleet({ ...common, jobs, corpus, trace });
  const files = result.findings.map((found) => writeFinding(findings, found));
  const report = makeReport(result, { seed, backend }, files);
  if (json !== '-') console.log(formatReport(report, result));
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (json === '-') process.stdout.write(text);
  else if (json !== null) writeFileSync(json, text);
  if (markdown !== null) writeSection(markdown, backend, reportSection(report));
  return report.findings.every((finding) => finding.isBackendBug) && Object.keys(report.unexpected).length === 0;
}

function everyTenth(tell: (line: string) => void): (line: string) => void {
  let count = 0;
  return (line) => {
    if (count++ % 10 === 0) tell(line);
  };
}

async function replayOnNull(name: string, kept: Case): Promise<Finding | null> {
  const target = (await makeTargets()).targets.find((each) => each.name === name);
  if (target === undefined) throw new Error(`The target (${name}) is not known.`);
  return target.replay(kept);
}

async function replay(path: string): Promise<boolean> {
  const { target: name, kept } = readFinding(path);
  const finding = REAL_TARGETS.includes(name) ? await replayReal(name, kept) : await replayOnNull(name, kept);
  say(finding === null ? 'No finding.' : `${finding.kind}: ${finding.row}: ${finding.message}\n${finding.stack ?? ''}`);
  return finding === null;
}

async function defects({ defects: names, seed, seconds, markdown }: FuzzArguments): Promise<boolean> {
  const results = await proveDefects({ names: names ?? [], seed, seconds, tell: say });
  if (markdown !== null) writeSection(markdown, 'defects', defectSection(results));
  return results.every(({ found }) => found !== null);
}

/** Writes the section that the run would have written. */
function summarize(path: string, markdown: string | null): boolean {
  const report = JSON.parse(readFileSync(path, 'utf8')) as Report;
  if (markdown === null) console.log(reportSection(report));
  else writeSection(markdown, report.backend, reportSection(report));
  return true;
}

async function main(): Promise<boolean> {
  const options = parseArguments(process.argv.slice(2), Date.now());
  if (options.help) {
    console.log(USAGE);
    return true;
  }
  if (options.replay !== null) return replay(options.replay);
  if (options.report !== null) return summarize(options.report, options.markdown);
  if (options.defects !== null) return defects(options);
  return fuzz(options);
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
