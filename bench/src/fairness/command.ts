/** `npm run bench -- --only fairness`: what guests get of an adapter that they share, policy by policy. */
import { writeFileSync } from 'node:fs';
import { type Machine, describeMachine, thisMachine } from '../machine.ts';
import type { FairnessOptions } from './options.ts';
import { picture } from './picture.ts';
import { formatOutcomes } from './report.ts';
import { type FairnessResult, measureFairness } from './run.ts';

/** The exit status: 1 where something was not measured or has not reached its bar. */
export async function fairnessCommand({ parts, windowMs, jsonFile, svgFile }: FairnessOptions): Promise<number> {
  const startMs = performance.now();
  const result = await measureFairness({ parts, windowMs, onStep: (what) => process.stderr.write(`\r${secondsSince(startMs)} s  ${what}\x1b[K`) });
  process.stderr.write(`\r${parts.length} parts in ${secondsSince(startMs)} s\x1b[K\n`);
  const machine = thisMachine();
  print(result, machine);
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify({ machine, ...result }, null, 2)}\n`);
  if (svgFile !== undefined) writeFileSync(svgFile, picture(result.outcomes, { machine: `${machine.cores} cores, Node ${machine.node}, ${result.adapter}` }));
  return isAllReached(result) ? 0 : 1;
}

function isAllReached({ outcomes, failures }: FairnessResult): boolean {
  return Object.keys(failures).length === 0 && outcomes.every(({ figures }) => figures.every(({ isReached }) => isReached !== false));
}

function print({ adapter, calibration, timing, outcomes, failures }: FairnessResult, machine: Machine): void {
  console.log(`${describeMachine(machine)}, adapter: ${adapter}`);
  console.log(`Windows of ${timing.windowMs / 1000} s; a millisecond of GPU is ${calibration.groupsPerMs.toFixed(0)} workgroups, and a submit costs ${calibration.submitMs.toFixed(2)} ms besides\n`);
  console.log(formatOutcomes(outcomes));
  for (const [part, message] of Object.entries(failures)) console.error(`\nNot measured, ${part}: ${message}`);
}

function secondsSince(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(0);
}
