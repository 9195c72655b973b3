import { DAEMON_COMMANDS } from './daemon.ts';
import { HOST_COMMANDS } from './host-operations.ts';
import { PARTITION_COMMANDS } from './partitions.ts';
import { PROGRAM_COMMANDS } from './programs.ts';
import { COMPLETION_COMMANDS } from './shells.ts';
import { TENANT_COMMANDS } from './tenants.ts';

/** Every command, in the order of help. A group (`partition`) is whatever has rows below it. */
export const COMMANDS = [...PROGRAM_COMMANDS, ...DAEMON_COMMANDS, ...HOST_COMMANDS, ...PARTITION_COMMANDS, ...TENANT_COMMANDS, ...COMPLETION_COMMANDS] as const;

/** What the words of a group are about, for help. */
export const GROUPS: Readonly<Record<string, string>> = {
  host: 'Start and end the host that lives on its own',
  adapter: 'Say how an adapter is used',
  token: 'Make, show, rotate and revoke tokens for the API',
  partition: 'Make, show, change and remove partitions of the running host',
};
