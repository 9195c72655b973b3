import { API_LIMITS } from '../limits.ts';
import { list, nullable, record, request } from './schema.ts';
import { PARTITION_NAME, ROLE, TENANT_NAME, TEXT, TIME_MS, TOKEN_ID } from './words.ts';

const USED_MS = nullable({ type: 'integer', minimum: 0, description: 'When it was last presented, since this host started.' });

export const TOKEN_VIEW = record({
  id: TOKEN_ID,
  name: nullable(TEXT),
  role: ROLE,
  tenant: nullable(TEXT),
  createdMs: TIME_MS,
  usedMs: USED_MS,
  olderSecrets: {
    type: 'array',
    items: record({ leftMs: { type: 'number', minimum: 0, description: 'How long it is taken yet.' }, usedMs: USED_MS }),
    description: 'Secrets that were rotated away and are taken for a while yet, the newest first.',
  },
});

export const TOKEN_LIST = record({ tokens: list(TOKEN_VIEW) });

export const TOKEN_REQUEST = request(
  {
    role: ROLE,
    tenant: { ...TENANT_NAME, description: 'Whose it is; with the role `tenant`, and only then.' },
    name: { ...PARTITION_NAME, description: 'For people: what it is used for.' },
  },
  ['role'],
);

export const ROTATION_REQUEST = request(
  {
    graceMs: {
      type: 'integer',
      minimum: 0,
      maximum: API_LIMITS.tokenGraceMsMax,
      description: 'How long older secrets are taken yet (default: a day). 0: not any more.',
    },
  },
  [],
);

export const ISSUED_TOKEN = record({
  token: TOKEN_VIEW,
  secret: { type: 'string', description: 'What a caller presents. It is told this once and kept nowhere.' },
});

export const CALLER_VIEW = record({
  role: ROLE,
  tenant: nullable(TEXT),
  token: nullable({ type: 'string', description: 'The id of the token that was presented; null: the caller could open the Unix socket.' }),
});
