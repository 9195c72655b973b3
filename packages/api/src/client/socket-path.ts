import { join } from 'node:path';

/** The API's socket in the runtime directory of a host. */
export const API_SOCKET_NAME = 'api.sock';

/** Where the host of this user has its runtime directory, unless it is told otherwise. */
export function defaultRuntimeDirectory(environment: NodeJS.ProcessEnv = process.env, uid: number = process.getuid?.() ?? 0): string {
  if (uid === 0) return '/run/gpup';
  return join(environment['XDG_RUNTIME_DIR'] ?? `/run/user/${uid}`, 'gpup-host');
}

export function defaultApiSocketPath(environment: NodeJS.ProcessEnv = process.env, uid?: number): string {
  return join(defaultRuntimeDirectory(environment, uid), API_SOCKET_NAME);
}
