import type { TokenRequest } from '@gpup/api/client';
import { PF_LIMITS } from '@gpup/pf';
import { UsageError } from '../usage-error.ts';
import { command } from './command.ts';
import { choice, flag, value, wholeNumber, word } from './option.ts';
import { HOST, JSON_OUTPUT } from './shared-options.ts';

const TOKEN = { name: 'ID', help: 'the token, as gpup token list shows it; it is no secret' } as const;
/** As in the API. */
export const AUDIT_ENTRIES_MAX = 1000;
const AUDIT_ENTRIES_DEFAULT = 100;

/** Tokens, and what the host writes down of those who have them. */
export const TENANT_COMMANDS = [
  command({
    path: 'token create',
    summary: "Create a token for the host's API",
    description:
      'Creates a token, and prints its secret: this once, as the host keeps a hash alone. With --tenant whoever has it sees and touches that tenant\'s partitions and nothing else; without, everything (--role operator must be given then).',
    options: {
      tenant: value('TENANT', 'whose it is: the name that partitions are created with', word),
      role: choice(['operator', 'tenant'], 'operator: everything; tenant (default with --tenant): what is the tenant\'s'),
      name: value('NAME', 'for people: what it is used for', word),
      ...JSON_OUTPUT,
      ...HOST,
    },
    examples: ['gpup token create --tenant acme --name ci', 'gpup token create --role operator --name grafana'],
    build: ({ tenant, role, name, json, host }) => ({ kind: 'token-create', request: tokenRequest({ tenant, role, name }), json, host }),
  }),
  command({
    path: 'token list',
    summary: 'Show all tokens, without their secrets',
    description: 'Shows all tokens, when each was used last since the host started, and the older secrets that are taken for a while yet.',
    options: { ...JSON_OUTPUT, ...HOST },
    build: ({ json, host }) => ({ kind: 'token-list', json, host }),
  }),
  command({
    path: 'token rotate',
    summary: 'Give a token a new secret',
    description: 'Gives a token a new secret, and prints it: this once. Older secrets are taken for a while yet, so that programs can be changed over one by one; after a leak, --grace 0 ends them at once.',
    operands: [TOKEN],
    options: { grace: value('TIME', 'how long older secrets are taken yet: 0, 90s, 15m, 24h, 7d (default 24h, at most 30d)', graceMs), ...JSON_OUTPUT, ...HOST },
    examples: ['gpup token rotate kq2x7n4mzt --grace 1h'],
    build: ({ grace, json, host }, [id = '']) => ({ kind: 'token-rotate', id, rotation: grace === undefined ? {} : { graceMs: grace }, json, host }),
  }),
  command({
    path: 'token revoke',
    summary: 'Revoke a token',
    description: 'Revokes a token: none of its secrets is taken any more, and who listens to events with it is cut off.',
    operands: [TOKEN],
    options: { ...HOST },
    build: ({ host }, [id = '']) => ({ kind: 'token-revoke', id, host }),
  }),
  command({
    path: 'usage',
    summary: 'Show what tenants and partitions have used',
    description:
      "Shows GPU time and video memory over time, by tenant and by partition, removed ones included, since the host's metering began. Figures only rise; what was used between two days is the difference. They are told some seconds late, once they are kept.",
    options: { tenant: value('TENANT', 'only what is this tenant\'s', word), ...JSON_OUTPUT, csv: flag('print a table of the partitions with commas, for spreadsheets'), ...HOST },
    examples: ['gpup usage --csv > usage.csv'],
    build: ({ tenant, json, csv, host }) => {
      if (json && csv) throw new UsageError('--json and --csv are both given.');
      return { kind: 'usage', tenant, json, csv, host };
    },
  }),
  command({
    path: 'audit',
    summary: 'Show who has changed what',
    description:
      "Shows the newest entries of the host's audit log, the oldest first: who, when, what, and what became of it. All of them are in audit.jsonl in the host's state directory.",
    options: {
      entries: value('N', `this many at most (default ${AUDIT_ENTRIES_DEFAULT})`, wholeNumber({ min: 1, max: AUDIT_ENTRIES_MAX })),
      tenant: value('TENANT', 'only what this tenant has asked for', word),
      ...JSON_OUTPUT,
      ...HOST,
    },
    build: ({ entries = AUDIT_ENTRIES_DEFAULT, tenant, json, host }) => ({ kind: 'audit', entries, tenant, json, host }),
  }),
] as const;

interface WantedToken {
  readonly tenant: string | undefined;
  readonly role: 'operator' | 'tenant' | undefined;
  readonly name: string | undefined;
}

/** An operator's token is never made by leaving something out. */
function tokenRequest({ tenant, role, name }: WantedToken): TokenRequest {
  const named = name === undefined ? {} : { name };
  if (tenant === undefined) {
    if (role === 'operator') return { role, ...named };
    throw new UsageError('No --tenant is given; a token that may do everything needs --role operator.');
  }
  if (role === 'operator') throw new UsageError(`--role operator and --tenant (${tenant}) do not go together.`);
  return { role: 'tenant', tenant, ...named };
}

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function graceMs(text: string, option: string): number {
  const [, number = '', unit = 's'] = /^(\d{1,9})([smhd])$/.exec(text) ?? (text === '0' ? ['', '0'] : []);
  const ms = number === '' ? Number.NaN : Number(number) * UNIT_MS[unit as keyof typeof UNIT_MS];
  if (ms <= PF_LIMITS.tokenGraceMsMax) return ms;
  throw new UsageError(`${option} (${text}) is not a time of at most 30d; examples: 0, 90s, 15m, 24h, 7d.`);
}
