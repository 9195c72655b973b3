import { type OpenHostOptions, defaultApiSocketPath } from '@gpup/api/client';

/** By `--host`, else by GPUP_HOST, else the socket of this user's host. A token on a command line could be read by others. */
export function hostPlace(where: string | undefined, environment: NodeJS.ProcessEnv = process.env): OpenHostOptions {
  const named = where ?? environment['GPUP_HOST'];
  if (named === undefined || named === '') return { socketPath: defaultApiSocketPath(environment) };
  if (!/^https?:\/\//i.test(named)) return { socketPath: named };
  const token = environment['GPUP_HOST_TOKEN'];
  return { url: named, ...(token === undefined ? {} : { token }) };
}
