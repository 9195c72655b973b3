import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The API's socket in the runtime directory of a host. */
export const API_SOCKET_NAME = 'api.sock';

/** As packages/pf/src/host-config.ts has it, of which a client loads nothing; a test holds the two together. */
export function defaultRuntimeDirectory(environment: NodeJS.ProcessEnv = process.env, uid: number = process.getuid?.() ?? 0): string {
  if (uid === 0) return '/run/gpup';
  const session = environment['XDG_RUNTIME_DIR'];
  return session ? join(session, 'gpup-host') : join(tmpdir(), `gpup-host-${uid}`);
}

export function defaultApiSocketPath(environment: NodeJS.ProcessEnv = process.env, uid?: number): string {
  return join(defaultRuntimeDirectory(environment, uid), API_SOCKET_NAME);
}
