import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { PF_CONFIG_VARIABLE, PF_MAIN_PATH, VF_NODE_OPTIONS_VARIABLE } from '@gpup/pf';

export interface ProfiledHost {
  readonly socketPath: string;
  end(): void;
}

/** Starts a host process whose VF processes, as it itself, load the hook. Owned by the caller. */
export async function startProfiledHost(hookUrl: string): Promise<ProfiledHost> {
  const child = spawn(process.execPath, ['--import', hookUrl, PF_MAIN_PATH], {
    // One VF process, and so one profile: none waits for a second guest.
    env: { ...process.env, [PF_CONFIG_VARIABLE]: JSON.stringify({ pool: 0 }), [VF_NODE_OPTIONS_VARIABLE]: `--import ${hookUrl}` },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return { socketPath: await socketPathOf(child), end: () => child.stdin?.destroy() };
}

async function socketPathOf(child: ChildProcess): Promise<string> {
  for await (const text of createInterface(child.stdout as NodeJS.ReadableStream)) {
    const line = JSON.parse(text) as { type: string; socket?: string; message?: string };
    if (line.type === 'ready' && line.socket !== undefined) return line.socket;
    if (line.type === 'error') throw new Error(`The host process does not start: ${line.message}`);
  }
  throw new Error('The host process ended before it was ready.');
}
