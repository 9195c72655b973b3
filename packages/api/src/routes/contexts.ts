import { CONTEXT_LIST } from '../schemas/context.ts';
import { request } from '../schemas/schema.ts';
import { CONTEXT_ID } from '../schemas/words.ts';
import { route } from './route.ts';

export const CONTEXT_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/contexts',
    id: 'contexts',
    summary: 'The guests that have the GPU open, over all partitions',
    answer: { status: 200, schema: CONTEXT_LIST, description: 'The contexts.' },
    handle: (actions) => ({ contexts: actions.contexts() }),
  }),
  route({
    method: 'DELETE',
    path: '/v1/contexts/{id}',
    id: 'endContext',
    summary: 'End a context: its guest loses the GPU, and is told',
    params: request({ id: CONTEXT_ID }, ['id']),
    names: 'context',
    answer: { status: 204, description: 'It has ended.' },
    refusals: ['unknown-context'],
    handle: async (actions, { params }) => void (await actions.endContext(params.id)),
  }),
];
