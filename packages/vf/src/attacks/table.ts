/** The tables of docs/hardening.md, from the attacks that are run and the rules that are in force. */
import { callRules } from '@gpup/sandbox';
import { ATTACKS } from './attacks.ts';

const KINDS = ['network', 'files', 'processes', 'kernel', 'resources'] as const;
const FALLS = { refused: 'the call fails', ended: 'the VF is ended (SIGSYS)' } as const;

export function attackTable(): string {
  const rows = KINDS.flatMap((kind) =>
    ATTACKS.filter((attack) => attack.kind === kind).map(({ name, falls, by, needsRoot, leaves }) => `| ${kind} | ${name}${needsRoot === true ? ' (as root)' : ''} | succeeds | ${leaves === undefined ? FALLS[falls] : 'it ends, and leaves nothing'} | ${by} |`),
  );
  return ['| | attack | isolation off | isolated | held by |', '|---|---|---|---|---|', ...rows].join('\n');
}

const VERDICTS = { allow: 'allowed', refuse: 'EPERM', absent: 'ENOSYS', kill: 'ends the VF' } as const;

/** Of a VF on a software adapter that outlives its host, which may the most of those. */
export function callTable(): string {
  const rules = callRules({ pid: 0, adapter: 'software', survives: true, hasFileRules: true });
  const rows = rules.map(({ calls, verdict, if: tests, why }) => `| ${calls.join(', ')}${tests === undefined ? '' : ' (some)'} | ${VERDICTS[verdict]} | ${why} |`);
  return ['| system calls | verdict | why |', '|---|---|---|', ...rows].join('\n');
}

/** The text with the tables of today between their marks. */
export function withTables(text: string): string {
  return [['attacks', attackTable()], ['calls', callTable()]].reduce((now, [name, table]) => now.replace(new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- end -->)`), (_, begin, end) => `${begin}\n${table}\n\n${end}`), text);
}
