/** What is kept of tokens: `STATE/tokens.json`. Hashes of secrets, never a secret. */
import type { Role } from '@gpup/pf/access';
import { type TextRule, badField, fieldPath, fieldsOf, listOf, recordOf, shown, textOf, wholeNumberOf, wordOf } from '@gpup/pf/fields';
import { PF_LIMITS } from '@gpup/pf';
import { Refusal } from '@gpup/pf/refusal';
import { loadKept, writeKeptFile } from '@gpup/pf/kept-file';
import { PARTITION_NAME, TENANT_NAME } from '@gpup/pf/partitions';

const TOKENS_VERSION = 1;

export interface SavedSecret {
  readonly hash: string;
  /** How long it is taken yet, from `savedMs` on; null: until it is rotated away. */
  readonly leftMs: number | null;
}

export interface SavedToken {
  readonly id: string;
  readonly name: string | null;
  readonly role: Role;
  readonly tenant: string | null;
  readonly createdMs: number;
  /** The newest first. */
  readonly secrets: readonly SavedSecret[];
}

export interface SavedTokens {
  /** By the clock on the wall. */
  readonly savedMs: number;
  readonly tokens: readonly SavedToken[];
}

export const ROLES = ['operator', 'tenant'] as const;
export const TOKEN_NAME: TextRule = { ...PARTITION_NAME, is: 'a name of lower-case letters, digits and hyphens (none at its ends)' };
const TOKEN_ID: TextRule = { pattern: /^[a-z2-7]{10}$/, lengthMax: 10, is: "a token's id" };
const HASH: TextRule = { pattern: /^[0-9a-f]{64}$/, lengthMax: 64, is: 'a hash in hexadecimal' };
const TIME = { min: 0, max: Number.MAX_SAFE_INTEGER, unit: 'ms' };

/** Null where there is no file. Throws a Refusal for one that is damaged; the file stays as it is. */
export function loadTokens(path: string): SavedTokens | null {
  return loadKept(path, { bytesMax: PF_LIMITS.tokensBytesMax, decode: decodeTokens, code: 'tokens-damaged', what: 'The tokens', otherwise: 'without tokens' });
}

export function saveTokens(path: string, saved: SavedTokens): void {
  writeKeptFile(path, `${JSON.stringify({ version: TOKENS_VERSION, ...saved }, null, 2)}\n`);
}

function decodeTokens(value: unknown): SavedTokens {
  const { version } = recordOf(value, '');
  if (version !== TOKENS_VERSION) throw new Refusal('bad-version', `Its version (${shown(version)}) is not the one that this host reads (${TOKENS_VERSION}).`, 'version');
  const { savedMs, tokens } = fieldsOf(value, '', ['version', 'savedMs', 'tokens']);
  const decoded = listOf(tokens, 'tokens', PF_LIMITS.tokensMax).map((token, index) => decodeToken(token, `tokens[${index}]`));
  const again = decoded.findIndex(({ id }, index) => decoded.findIndex((other) => other.id === id) !== index);
  if (again >= 0) throw badField(`tokens[${again}].id`, decoded[again]?.id, "is an earlier token's");
  return { savedMs: wholeNumberOf(savedMs, 'savedMs', TIME), tokens: decoded };
}

function decodeToken(value: unknown, path: string): SavedToken {
  const fields = fieldsOf(value, path, ['id', 'name', 'role', 'tenant', 'createdMs', 'secrets']);
  const role = wordOf(fields.role, fieldPath(path, 'role'), ROLES);
  const tenant = fields.tenant === null ? null : textOf(fields.tenant, fieldPath(path, 'tenant'), TENANT_NAME);
  // A tenant's token without its tenant must never become one that sees what is nobody's.
  if ((role === 'tenant') !== (tenant !== null)) throw badField(fieldPath(path, 'tenant'), tenant, `does not go with the role "${role}"`);
  return {
    id: textOf(fields.id, fieldPath(path, 'id'), TOKEN_ID),
    name: fields.name === null ? null : textOf(fields.name, fieldPath(path, 'name'), TOKEN_NAME),
    role,
    tenant,
    createdMs: wholeNumberOf(fields.createdMs, fieldPath(path, 'createdMs'), TIME),
    secrets: listOf(fields.secrets, fieldPath(path, 'secrets'), PF_LIMITS.tokenSecretsMax).map((secret, index) => decodeSecret(secret, `${path}.secrets[${index}]`)),
  };
}

function decodeSecret(value: unknown, path: string): SavedSecret {
  const { hash, leftMs } = fieldsOf(value, path, ['hash', 'leftMs']);
  const range = { min: 0, max: PF_LIMITS.tokenGraceMsMax, unit: 'ms' };
  return { hash: textOf(hash, fieldPath(path, 'hash'), HASH), leftMs: leftMs === null ? null : wholeNumberOf(leftMs, fieldPath(path, 'leftMs'), range) };
}
