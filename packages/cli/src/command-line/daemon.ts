import { command } from './command.ts';
import { choice, flag, value, word } from './option.ts';

const CONFIG = {
  config: value('PATH', 'the configuration (docs/host-config.md); default: /etc/gpup/host.json for root, $XDG_CONFIG_HOME/gpup/host.json for others, which may be missing', word),
} as const;

/** The host that lives on its own: its start, end and whereabouts. */
export const DAEMON_COMMANDS = [
  command({
    path: 'host start',
    summary: 'Start the host, in the background',
    description:
      "Starts the host that lives on its own: partitions of this machine's GPUs, for programs that connect to them. Returns when it is ready. Its guests outlive it: they go on when it ends or is killed, and the next one takes them over.",
    options: {
      foreground: flag('this process is the host, and its log goes to standard error'),
      'require-isolation': flag('do not start where VF processes cannot be isolated in every way (docs/hardening.md); the same as isolation: "require" in the configuration'),
      ...CONFIG,
    },
    build: ({ foreground, config, ...given }) => ({ kind: 'host-start', configPath: config, foreground, requiresIsolation: given['require-isolation'] }),
  }),
  command({
    path: 'host status',
    summary: 'Tell whether a host runs',
    description: 'Tells whether a host runs, since when, and where its API is. It does not ask the host: it looks at its lock.',
    options: { json: flag('print JSON, for programs'), ...CONFIG },
    exitStatuses: [['3', 'no host runs']],
    build: ({ json, config }) => ({ kind: 'host-status', configPath: config, json }),
  }),
  command({
    path: 'host stop',
    summary: 'End the host',
    description: 'Ends the host. Where none runs there is nothing to do.',
    options: {
      guests: choice(['leave', 'end'], 'leave (default): guests go on, and wait for the next host as long as the configuration says (orphanMsMax); end: they lose their GPU'),
      ...CONFIG,
    },
    build: ({ guests = 'leave', config }) => ({ kind: 'host-stop', configPath: config, guests }),
  }),
] as const;
