import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type DaemonReady, startDaemon, stopDaemon } from '../launch.ts';

/** The guest's driver. By name at run time: no package of the host's depends on the guest's. */
export const PROVIDER: string = fileURLToPath(new URL('../../../guest/dist/provider.cjs', import.meta.url));

/** A daemon for a test file, with directories of its own, on the software GPU. Tests call what this returns for its API's socket. */
export function daemonForTests(config: Readonly<Record<string, unknown>> = {}): () => string {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-test-'));
  const configPath = join(directory, 'host.json');
  let daemon: DaemonReady;
  before(async () => {
    const directories = { runtimeDirectory: join(directory, 'runtime'), stateDirectory: join(directory, 'state') };
    writeFileSync(configPath, JSON.stringify({ adapter: 'software', ...directories, ...config }));
    daemon = await startDaemon({ configPath, program: fileURLToPath(new URL('./daemon-program.js', import.meta.url)) });
  });
  after(async () => {
    await stopDaemon({ configPath, guests: 'end' });
    rmSync(directory, { recursive: true, force: true });
  });
  return () => daemon.apiSocket;
}
