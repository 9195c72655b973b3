import { createApiServer } from '@gpup/api';
import { runDaemon } from './run.ts';
import { VERSION } from './version.ts';

export interface ProgramOptions {
  readonly configPath: string | undefined;
  /** The log goes to standard error, not to a file. */
  readonly foreground: boolean;
  readonly requiresIsolation: boolean;
}

/** This process is the daemon from here on. */
export function runProgram({ configPath, foreground, requiresIsolation }: ProgramOptions): Promise<void> {
  return runDaemon({ configPath, log: foreground ? 'stderr' : 'file', createApi: createApiServer, version: VERSION, requiresIsolation });
}
