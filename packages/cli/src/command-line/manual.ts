import type { CommandRow } from './command.ts';
import { EXIT_STATUSES, optionEntries, usage } from './help.ts';
import { COMMANDS } from './table.ts';

/** docs/cli.md, written out of the table: what help says, for people who read before they type. */
export function manual(): string {
  return [
    '# The command line',
    '',
    '<!-- Written by packages/cli/dist/write-manual.js out of the table of commands (packages/cli/src/command-line). -->',
    '',
    '`gpup COMMAND --help` shows the same. Sizes in bytes are numbers with or without a unit: `268435456`, `256MiB`, `1G`; units are powers of 1024. What people read may change; programs use `--json`, whose fields are those of `packages/api/openapi.json`.',
    '',
    'Commands that ask a host find it by `--host`, else by `GPUP_HOST`, else at the socket of this user\'s host: `/run/gpup/api.sock` for root, `$XDG_RUNTIME_DIR/gpup-host/api.sock` for others (docs/host-config.md). Where that is a URL (`http://127.0.0.1:7070`), the token is in `GPUP_HOST_TOKEN`: on a command line others could read it.',
    '',
    '## Exit status',
    '',
    ...table(['status', 'meaning'], EXIT_STATUSES),
    '',
    '`gpup run` ends with the status of its program; see there.',
    ...(COMMANDS as readonly CommandRow[]).flatMap(chapter),
    '',
  ].join('\n');
}

function chapter(row: CommandRow): readonly string[] {
  const { path, description, operands, options, exitStatuses, examples } = row;
  const entries = [...operands.map(({ name, help }) => [name, help] as const), ...optionEntries(options)];
  return [
    '',
    `## gpup ${path}`,
    '',
    '```',
    usage(row),
    '```',
    description,
    ...(entries.length > 0 ? ['', ...table(['option', 'meaning'], entries)] : []),
    ...(exitStatuses.length > 0 ? ['', ...table(['status', 'meaning'], exitStatuses)] : []),
    ...(examples.length > 0 ? ['', '```', ...examples, '```'] : []),
  ];
}

function table(head: readonly [string, string], rows: readonly (readonly [string, string])[]): readonly string[] {
  return [`| ${head.join(' | ')} |`, '|---|---|', ...rows.map(([name, meaning]) => `| \`${name.replaceAll('|', '\\|')}\` | ${meaning.replaceAll('|', '\\|')} |`)];
}
