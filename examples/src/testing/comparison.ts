import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { softwareAdapters } from '@gpup/pf';
import { decodeGuestEvent } from '../guest-events.ts';
import { isGpuDriver } from '../isolation.ts';
import { mappedRegionsOf } from '../processes.ts';

const GUESTS = fileURLToPath(new URL('../../guests/', import.meta.url));
const NATIVE_PRELOAD = fileURLToPath(new URL('./native-preload.js', import.meta.url));
const CLI_MAIN = fileURLToPath(new URL('../../../packages/cli/dist/main.js', import.meta.url));

export type Way = 'native' | 'aperture' | 'stream';

export interface GuestRun {
  /** What the program says of its result. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether a GPU driver was in the program's own process when it reported progress. */
  readonly mappedDriver: boolean;
}

/** Runs a guest program to its end, on the bundled software GPU: on npm `webgpu` itself, or in a partition over either transport. */
export async function runGuest(way: Way, program: string, args: readonly string[]): Promise<GuestRun> {
  const command = [`${GUESTS}${program}`, ...args];
  const child =
    way === 'native'
      ? spawn(process.execPath, ['--import', pathToFileURL(NATIVE_PRELOAD).href, ...command], { env: { ...process.env, ...(await softwareEnvironment()) } })
      : spawn(process.execPath, [CLI_MAIN, 'run', '--adapter', 'software', '--transport', way, '--', process.execPath, ...command]);
  child.stdin.end();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString('utf8');
  });
  let fields: GuestRun['fields'] | undefined;
  let mappedDriver = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = decodeGuestEvent(line);
    if (event?.event === 'progress') mappedDriver ||= mappedRegionsOf(child.pid as number).some(isGpuDriver);
    if (event?.event === 'done') fields = event.fields;
  });
  const status = await new Promise((resolve) => child.once('close', resolve));
  if (status !== 0 || fields === undefined) throw new Error(`${program} (${way}) ends with ${String(status)}: ${errors}`);
  return { fields, mappedDriver };
}

async function softwareEnvironment(): Promise<Readonly<Record<string, string>>> {
  const { environment, reasons } = await softwareAdapters();
  if (reasons.length > 0) throw new Error(reasons.join(' '));
  return environment;
}
