import { API_LIMITS } from '../limits.ts';
import { HOST_VIEW, LOG_VIEW } from '../schemas/host.ts';
import { request } from '../schemas/schema.ts';
import { route } from './route.ts';

const LOG_QUERY = request(
  {
    lines: { type: 'integer', minimum: 1, maximum: API_LIMITS.logLinesMax, description: `The newest ones, this many at most (default ${API_LIMITS.logLinesDefault}).` },
  },
  [],
);

export const HOST_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/host',
    id: 'host',
    summary: 'The host: versions, process, directories',
    answer: { status: 200, schema: HOST_VIEW, description: 'The host.' },
    handle: (actions) => actions.host(),
  }),
  route({
    method: 'GET',
    path: '/v1/logs',
    id: 'logLines',
    summary: "The newest lines of the host's log",
    query: LOG_QUERY,
    answer: { status: 200, schema: LOG_VIEW, description: 'The lines.' },
    handle: (actions, { query }) => ({ lines: actions.logLines({ countMax: query.lines ?? API_LIMITS.logLinesDefault }) }),
  }),
];
