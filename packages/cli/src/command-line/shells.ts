import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export const COMPLETION_COMMANDS = [
  command({
    path: 'completion',
    summary: 'Print the script that completes gpup in a shell',
    description: 'Prints a script that makes the shell complete commands, options and the values that can be listed.',
    operands: [{ name: 'SHELL', help: SHELLS.join(', '), words: SHELLS }],
    options: {},
    examples: ['source <(gpup completion bash)', 'gpup completion zsh > "${fpath[1]}/_gpup"', 'gpup completion fish > ~/.config/fish/completions/gpup.fish'],
    build: (_options, [name]) => {
      const shell = SHELLS.find((candidate) => candidate === name);
      if (shell === undefined) throw new UsageError(`SHELL (${name}) is none of ${SHELLS.join(', ')}.`);
      return { kind: 'completion', shell };
    },
  }),
] as const;
