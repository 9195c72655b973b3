import { ADAPTER_CHANGE, ADAPTER_LIST, ADAPTER_VIEW, SCHEDULING_CHANGE } from '../schemas/adapter.ts';
import { request } from '../schemas/schema.ts';
import { ADAPTER_ID } from '../schemas/words.ts';
import { route } from './route.ts';

export const ADAPTER_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/adapters',
    id: 'adapters',
    summary: 'The adapters that can be partitioned or given away',
    answer: { status: 200, schema: ADAPTER_LIST, description: 'The adapters.' },
    handle: (actions) => ({ adapters: actions.adapters() }),
  }),
  route({
    method: 'PATCH',
    path: '/v1/adapters/{id}',
    id: 'setAdapterMode',
    summary: 'Partition an adapter, or give it to one guest as a whole',
    params: request({ id: ADAPTER_ID }, ['id']),
    body: ADAPTER_CHANGE,
    answer: { status: 200, schema: ADAPTER_VIEW, description: 'The adapter as it is now.' },
    refusals: ['unknown-adapter', 'adapter-has-partitions', 'adapter-owned', 'adapter-busy'],
    handle: (actions, { params, body }) => actions.setAdapterMode(params.id, body.mode),
  }),
  route({
    method: 'PATCH',
    path: '/v1/adapters/{id}/scheduling',
    id: 'setAdapterScheduling',
    summary: "Change how partitions share an adapter's time, at once, while guests run",
    params: request({ id: ADAPTER_ID }, ['id']),
    body: SCHEDULING_CHANGE,
    answer: { status: 200, schema: ADAPTER_VIEW, description: 'The adapter as it is now.' },
    refusals: ['unknown-adapter'],
    handle: (actions, { params, body }) => actions.setAdapterScheduling(params.id, body),
  }),
];
