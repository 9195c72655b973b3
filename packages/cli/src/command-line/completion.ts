/**
 * Completion scripts, written out of the table. Each shell's script walks the words before the cursor to the command that
 * they name (`at`), and offers what can follow there. Nothing is asked of gpup or of a host while somebody types.
 */
import type { CommandRow } from './command.ts';
import { subcommands } from './parse.ts';
import type { Shell } from './shells.ts';
import { COMMANDS, GROUPS } from './table.ts';

const TABLE: readonly CommandRow[] = COMMANDS;
/** Every group and every command, gpup itself first. */
const PATHS = ['', ...new Set(TABLE.flatMap(({ path }) => path.split(' ').map((_, index, words) => words.slice(0, index + 1).join(' '))))];

export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash();
    case 'zsh':
      return zsh();
    case 'fish':
      return fish();
  }
}

/** What may follow at a command: commands below it, values of its operands, options. */
function candidates(path: string): readonly string[] {
  const row = TABLE.find((candidate) => candidate.path === path);
  if (row === undefined) return [...subcommands(path, TABLE), ...(path === '' ? ['help', '--version'] : []), '--help'];
  const words = row.operands.flatMap((operand) => operand.words ?? []);
  return [...words, ...Object.keys(row.options).map((name) => `--${name}`), '--help'];
}

/** Where a step from a command to one below it goes: `partition create`. */
const STEPS = PATHS.filter((path) => path !== '').map((path) => {
  const words = path.split(' ');
  return { from: words.slice(0, -1).join(' '), word: words.at(-1) as string };
});

/** The options whose value is one of a few words, and those whose value nobody can list. */
const VALUED = TABLE.flatMap(({ path, options }) =>
  Object.entries(options)
    .filter(([, option]) => option.value !== undefined)
    .map(([name, option]) => ({ path, option: `--${name}`, words: option.words })),
);

/** `case` is written alike in bash and zsh. */
function cases(offer: (words: readonly string[]) => string): { readonly steps: string; readonly offers: string } {
  const steps = STEPS.map(({ from, word }) => `'${from} ${word}'`).join('|');
  const values = VALUED.map(({ path, option, words }) => `    '${path} ${option}') ${offer(words)} ;;`);
  const others = PATHS.map((path) => `      '${path}') ${offer(candidates(path))} ;;`);
  return { steps, offers: [...values, '    *) case "$at" in', ...others, '    esac ;;'].join('\n') };
}

function bash(): string {
  const { steps, offers } = cases((words) => `words='${words.join(' ')}'`);
  return `# gpup completion for bash: source <(gpup completion bash)
_gpup() {
  local at='' word words=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [ "$word" = -- ] && return
    case "$at $word" in
    ${steps}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${COMP_WORDS[COMP_CWORD-1]}" in
${offers}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _gpup gpup
`;
}

function zsh(): string {
  const { steps, offers } = cases((words) => (words.length === 0 ? '_files' : `compadd -- ${words.join(' ')}`));
  return `#compdef gpup
# gpup completion for zsh: gpup completion zsh > "\${fpath[1]}/_gpup"
_gpup() {
  local at='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ "$word" == -- ]]; then _files; return; fi
    case "$at $word" in
    ${steps.replaceAll('|', ' | ')}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at \${words[CURRENT-1]}" in
${offers}
  esac
}
if [[ "$funcstack[1]" == _gpup ]]; then _gpup "$@"; else compdef _gpup gpup; fi
`;
}

function fish(): string {
  const lines = PATHS.flatMap((path) => fishLines(path));
  return `# gpup completion for fish: gpup completion fish > ~/.config/fish/completions/gpup.fish
function __gpup_at
  set -l at ''
  set -l words (commandline -opc)
  for word in $words[2..-1]
    switch "$at $word"
      case ${STEPS.map(({ from, word }) => `'${from} ${word}'`).join(' ')}
        set at (string trim -- "$at $word")
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}
`;
}

function fishLines(path: string): readonly string[] {
  const begin = `complete -c gpup -n "__gpup_at '${path}'"`;
  const row = TABLE.find((candidate) => candidate.path === path);
  if (row === undefined) {
    const below = subcommands(path, TABLE).map((word) => `${begin} -f -a ${word} -d ${quoted(summaryOf(`${path} ${word}`.trim()))}`);
    return [...below, `${begin} -f -l help -s h -d 'show help'`];
  }
  const operands = row.operands.filter(({ words }) => words !== undefined).map(({ words = [], help }) => `${begin} -f -a ${quoted(words.join(' '))} -d ${quoted(help)}`);
  const options = Object.entries(row.options).map(([name, { value, short, words, help }]) => {
    const takes = value === undefined ? '' : ` -r${words.length > 0 ? ` -f -a ${quoted(words.join(' '))}` : ''}`;
    return `${begin} -l ${name}${short === undefined ? '' : ` -s ${short}`}${takes} -d ${quoted(help)}`;
  });
  return [...operands, ...options, `${begin} -l help -s h -d 'show help'`];
}

function summaryOf(path: string): string {
  return TABLE.find((row) => row.path === path)?.summary ?? (GROUPS[path] as string);
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
