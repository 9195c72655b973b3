/** One measured process: `worker.js PROVIDER NAME AGE`, with an IPC channel to the bench. It measures when it is told to. */
import { openProgram } from './measured-program.ts';
import { isProvider } from './provider.ts';
import type { WorkerReply } from './worker-protocol.ts';
import { SteadyMeasure } from './workloads/steady.ts';

const [provider = '', name = '', age = ''] = process.argv.slice(2);
if (!isProvider(provider)) throw new Error(`The provider (${provider}) is unknown.`);

const reply = (line: WorkerReply): void => void process.send?.(line);
const failed = (error: unknown): void => reply({ type: 'failed', message: error instanceof Error ? error.message : String(error) });
// Also from within a library, where nobody awaits it.
process.on('uncaughtException', failed);
process.on('unhandledRejection', failed);

// The bench is gone: nobody is left to measure for.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));

const opened = await openProgram(provider, name);
const steady = new SteadyMeasure(opened.measure);
const measure = age === 'young' || opened.adapter === '' ? (): Promise<number> => opened.measure(1) : (): Promise<number> => steady.once();
process.on('message', () => {
  measure().then((value) => reply({ type: 'figure', value }), failed);
});
reply({ type: 'ready', adapter: opened.adapter });
