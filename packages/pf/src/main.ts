/**
 * The ephemeral host process. Its launcher, `gpup run` or a guest without a host, holds the other end of
 * its standard input: when that closes, for whatever reason, this process ends with all that is its own.
 * On standard output it prints JSON lines: "starting" with the directory that it is about to make, then
 * "ready" with its socket; or "error" and why.
 */
import { writeSync } from 'node:fs';
import { loadSystemCalls } from '@gpup/os';
import { GroupTree } from '@gpup/sandbox/cgroup';
import { missingText } from '@gpup/sandbox/measures';
import { chooseAdapter } from './adapters/choice.ts';
import { PF_CONFIG_VARIABLE, type PfConfig, decodePfConfig } from './config.ts';
import { defaultVramBytes } from './default-budget.ts';
import { type Reason, PROTOCOL } from './control-protocol.ts';
import { Host } from './host.ts';
import { type SocketDirectory, isOfGoneHost, makeSocketDirectory, ownHostName, planSocketDirectory, removeSocketDirectory, sweepSocketDirectories } from './socket-directory.ts';
import { pfStep } from './steps.ts';

const STDOUT_FD = 1;

let directory: SocketDirectory | undefined;
let host: Host | undefined;
let groups: GroupTree | null = null;
let ending = false;

// Also when a bug of ours ends the process. VF processes see to themselves: they die with their parent.
process.on('exit', () => {
  if (directory !== undefined) removeSocketDirectory(directory);
});

pfStep('pf.started');
watchLauncher();
// Not awaited at the top level, which scripts may not do: loading a module of the other kind takes longer.
void start();

/** From the first moment on: the launcher may end while we are still starting. */
function watchLauncher(): void {
  const launcherGone = (): void => void end({ code: 'host-closing', message: 'The host process ends with the program that started it.' });
  process.stdin.on('end', launcherGone);
  process.stdin.on('close', launcherGone);
  process.stdin.on('error', launcherGone);
  process.stdin.resume();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => void end({ code: 'host-closing', message: `The host process was told to end (${signal}).` }));
  }
}

async function start(): Promise<void> {
  try {
    const config = decodePfConfig(process.env[PF_CONFIG_VARIABLE]);
    sweepSocketDirectories();
    pfStep('pf.swept');
    const adapter = await chooseAdapter(config.adapter);
    if (adapter.kind === 'none') return fail({ code: 'no-adapter', message: `No GPU found. ${adapter.reasons.join(' ')}` });
    pfStep('pf.adapter-chosen');
    if (ending) return;
    const planned = planSocketDirectory();
    // From here on the launcher can clean up after us, should we be killed.
    announce({ type: 'starting', directory: planned.path });
    makeSocketDirectory(planned);
    directory = planned;
    pfStep('pf.directory-made');
    groups = openGroups(config);
    host = new Host({
      adapter: adapter.choice,
      vf: {
        heapBytes: config.heapBytes,
        vramBytes: config.vramBytes ?? defaultVramBytes(adapter.choice.kind),
        escapes: config.escapes,
        capturePath: config.capturePath,
      },
      isolation: config.isolation,
      groups: groups === null ? null : { tree: groups, processorsMax: null, areRequired: config.isolation === 'require' },
      poolSize: config.pool,
      directory: directory.path,
    });
    // First of all: it takes longest, and goes on while we do the rest.
    host.prepare(Math.max(config.pool, config.guestExpected ? 1 : 0));
    await host.listen(directory.socketPath);
    pfStep('pf.listening');
    announce({ type: 'ready', socket: directory.socketPath, pid: process.pid, protocol: PROTOCOL, adapter: adapter.choice.kind });
    pfStep('pf.announced');
    // For handing over the first guest's connection.
    loadSystemCalls();
  } catch (error) {
    fail({ code: 'host-start', message: (error as Error).message });
  }
}

/** Where isolation is not required nobody is told that groups are missing: most users' sessions have none to give. */
function openGroups({ isolation }: PfConfig): GroupTree | null {
  if (isolation === 'off') return null;
  const tree = GroupTree.open({ name: ownHostName() });
  tree.sweepHosts(isOfGoneHost);
  const lacking = missingText(tree.states);
  if (isolation === 'require' && lacking !== '') throw new Error(`VF processes cannot be isolated as is required; missing: ${lacking}`);
  return tree;
}

function fail(reason: Reason): void {
  announce({ type: 'error', ...reason });
  process.exit(1);
}

function announce(line: object): void {
  try {
    writeSync(STDOUT_FD, `${JSON.stringify(line)}\n`);
  } catch {
    // Nobody reads: the launcher is gone, and standard input is about to say so.
  }
}

async function end(reason: Reason): Promise<void> {
  if (ending) return;
  ending = true;
  pfStep('pf.closing');
  await host?.close(reason);
  groups?.close();
  if (directory !== undefined) removeSocketDirectory(directory);
  pfStep('pf.directory-removed');
  process.exit(0);
}
