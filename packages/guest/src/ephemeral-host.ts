import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { closeDescriptor, createSocketPair } from '@gpup/os';
import { type LaunchLine, decodeLaunchLine } from './control-protocol.ts';
import { HostError } from './host-error.ts';
import { GUEST_LIMITS } from './limits.ts';
import { type Dialogue, LineChannel, run, runSync } from './line-channel.ts';
import { hostMainPath } from './package-paths.ts';
import { guestStep } from './steps.ts';

export interface HostLaunch {
  readonly adapter?: 'auto' | 'hardware' | 'software';
  readonly vramBytes?: number;
  /** VF processes that are kept ready for guests to come. Default: GPUP_POOL, or else the host's own. */
  readonly pool?: number;
  /**
   * The caller asks for a context next, perhaps the only one: a VF process is made ready for it at once, and
   * none is kept for others unless somebody says so.
   */
  readonly guestExpected?: boolean;
  /** Names of the escapes that are open. Default: those in GPUP_ESCAPES, separated by commas, or else none. */
  readonly escapes?: readonly string[];
  /** An absolute path: what every guest sends is kept there. */
  readonly capturePath?: string;
  /** require: no VF that is not isolated in every way. Default: GPUP_ISOLATION, or else `prefer`. */
  readonly isolation?: 'require' | 'prefer' | 'off';
}

/** The host process's variables, by the names that pf gives them. */
const CONFIG_VARIABLE = 'GPUP_PF_CONFIG';

/**
 * A host process that lives no longer than this one (or than the worker that started it): it holds one end
 * of a pipe, and the kernel closes the other end however this process ends. Keeps nobody alive.
 */
export class EphemeralHost {
  readonly socketPath: string;
  readonly adapterKind: string;
  readonly pid: number;
  /** Resolves when the host process is gone, with how it ended. */
  readonly ended: Promise<string>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess, ready: Extract<LaunchLine, { type: 'ready' }>) {
    this.#child = child;
    this.socketPath = ready.socket;
    this.adapterKind = ready.adapter;
    this.pid = ready.pid;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit status ${code}`));
    });
  }

  /** Ends the host process, which takes its VFs and its directory along, and resolves when it is gone. */
  async end(): Promise<void> {
    this.#child.ref();
    this.#child.stdin?.destroy();
    // VFs die with their host, also if it has to be killed.
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), GUEST_LIMITS.hostEndMsMax);
    await this.ended;
    clearTimeout(timer);
  }
}

export function startHost(launch: HostLaunch = {}): Promise<EphemeralHost> {
  return run(launching(launch));
}

export function startHostSync(launch: HostLaunch = {}): EphemeralHost {
  return runSync(launching(launch));
}

function* launching(launch: HostLaunch): Dialogue<EphemeralHost> {
  const { child, output } = spawnHost(launch);
  let directory: string | undefined;
  // A killed host leaves its directory behind. Nobody else's is called so.
  const cleanUp = (): void => {
    if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
  };
  child.once('exit', cleanUp);
  guestStep('guest.host-spawned');
  try {
    directory = launchLine(yield { channel: output, timeoutMs: GUEST_LIMITS.hostStartMsMax }, 'starting').directory;
    const ready = launchLine(yield { channel: output, timeoutMs: GUEST_LIMITS.hostStartMsMax }, 'ready');
    guestStep('guest.host-ready');
    return new EphemeralHost(child, ready);
  } catch (error) {
    child.stdin?.destroy();
    // This process may end before it hears of the host's end.
    cleanUp();
    throw error;
  } finally {
    output.close();
  }
}

function launchLine<T extends LaunchLine['type']>(text: string | null, expected: T): Extract<LaunchLine, { type: T }> {
  const line = text === null ? undefined : decodeLaunchLine(text);
  if (line?.type === expected) return line as Extract<LaunchLine, { type: T }>;
  if (line?.type === 'error') throw new HostError(line.code, line.message);
  throw new HostError('host-start', 'The host process ended before it was ready.');
}

/** Its lines come over a socket of our own and not a pipe of Node's, which nobody could read without awaiting. */
function spawnHost(launch: HostLaunch): { readonly child: ChildProcess; readonly output: LineChannel } {
  const [ours, theirs] = createSocketPair();
  try {
    const child = spawn(process.execPath, [hostMainPath()], {
      cwd: '/',
      // A session of its own: Ctrl-C in the terminal is for the program, which may want to go on.
      detached: true,
      env: hostEnvironment(launch),
      stdio: ['pipe', theirs, 'inherit'],
    });
    // Without an executable or a free process slot there is no output either, and that is what is reported.
    child.once('error', () => {});
    child.stdin?.on('error', () => {});
    child.unref();
    (child.stdin as unknown as { unref?(): void } | null)?.unref?.();
    return { child, output: new LineChannel(ours, 'The host process') };
  } catch (error) {
    closeDescriptor(ours);
    throw error;
  } finally {
    closeDescriptor(theirs);
  }
}

function namesIn(text: string | undefined): readonly string[] {
  return (text ?? '').split(',').filter((name) => name !== '');
}

/** The host refuses what is no number, with a sentence. */
function numberIn(text: string | undefined): number | string | undefined {
  return text === undefined || text === '' ? undefined : /^\d+$/.test(text) ? Number(text) : text;
}

/** Node's own variables (NODE_OPTIONS with the preload, a debugger's port, coverage) are meant for the guest. */
function hostEnvironment(launch: HostLaunch): NodeJS.ProcessEnv {
  const environment = Object.entries(process.env).filter(([name]) => !name.startsWith('NODE_') && name !== 'GPUP_SOCKET');
  const { guestExpected = false } = launch;
  const config = {
    adapter: launch.adapter ?? process.env['GPUP_ADAPTER'] ?? 'auto',
    vramBytes: launch.vramBytes ?? null,
    // JSON leaves out what is undefined.
    pool: launch.pool ?? numberIn(process.env['GPUP_POOL']) ?? (guestExpected ? 0 : undefined),
    guestExpected,
    escapes: launch.escapes ?? namesIn(process.env['GPUP_ESCAPES']),
    capturePath: launch.capturePath,
    isolation: launch.isolation ?? process.env['GPUP_ISOLATION'],
  };
  return { ...Object.fromEntries(environment), [CONFIG_VARIABLE]: JSON.stringify(config) };
}
