import { homedir, tmpdir } from 'node:os';
import { type HostConfig, type HostSurroundings, defaultConfigPath, loadHostConfig } from '@gpup/pf/host-config';

/** Of this process. */
export function surroundings(environment: NodeJS.ProcessEnv = process.env): HostSurroundings {
  const uid = process.getuid?.() ?? 0;
  return { isRoot: uid === 0, environment, home: homedir(), temporaryDirectory: tmpdir(), uid };
}

/** The configuration of the file that is named, which must exist, or else of the usual one. */
export function configFrom(configPath: string | undefined): HostConfig {
  const around = surroundings();
  return loadHostConfig(configPath ?? defaultConfigPath(around), around, { required: configPath !== undefined });
}
