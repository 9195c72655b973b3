import { API_LIMITS } from '../limits.ts';
import { AUDIT_LIST } from '../schemas/audit.ts';
import { request } from '../schemas/schema.ts';
import { USAGE_REPORT } from '../schemas/usage.ts';
import { route } from './route.ts';

const AUDIT_QUERY = request(
  {
    count: { type: 'integer', minimum: 1, maximum: API_LIMITS.auditEntriesMax, description: `The newest ones, this many at most (default ${API_LIMITS.auditEntriesDefault}).` },
  },
  [],
);

/** What the host writes down of its tenants. */
export const RECORD_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/usage',
    id: 'usage',
    summary: 'What tenants and partitions have used',
    answer: { status: 200, schema: USAGE_REPORT, description: 'The usage.' },
    handle: (actions) => actions.usage(),
  }),
  route({
    method: 'GET',
    path: '/v1/audit',
    id: 'auditEntries',
    summary: 'The newest entries of the audit log',
    query: AUDIT_QUERY,
    answer: { status: 200, schema: AUDIT_LIST, description: 'The entries.' },
    handle: (actions, { query }) => ({ entries: actions.auditEntries({ countMax: query.count ?? API_LIMITS.auditEntriesDefault }) }),
  }),
];
