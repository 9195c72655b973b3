/** Runs in a page: opens a workload when it is told to, and measures. The bench calls what this installs. */
import { WORKLOADS } from '../workloads/index.ts';
import type { ProgramAge } from '../contestant.ts';
import { type OpenWorkload, openWorkload } from '../workloads/open.ts';
import { SteadyMeasure } from '../workloads/steady.ts';

export interface PageBench {
  /** Resolves with the adapter's name. */
  open(name: string, age: ProgramAge): Promise<string>;
  measure(): Promise<number>;
}

let opened: OpenWorkload | undefined;
let measure: () => Promise<number>;

const bench: PageBench = {
  async open(name, age) {
    const workload = WORKLOADS.find((each) => each.name === name);
    const { gpu } = (globalThis as { navigator?: { gpu?: GPU } }).navigator ?? {};
    if (workload === undefined) throw new Error(`The workload (${name}) is unknown.`);
    if (gpu === undefined) throw new Error('The browser has no navigator.gpu.');
    opened = await openWorkload(workload, gpu, async (key) => new Uint8Array(await (await fetch(`/asset/${key}`)).arrayBuffer()));
    const { measure: measureScaled } = opened;
    const steady = new SteadyMeasure(measureScaled);
    measure = age === 'young' ? () => measureScaled(1) : () => steady.once();
    return opened.adapter;
  },
  async measure() {
    if (opened === undefined) throw new Error('No workload is open.');
    return measure();
  },
};

Object.assign(globalThis, { bench });
