import { request } from '../schemas/schema.ts';
import { CALLER_VIEW, ISSUED_TOKEN, ROTATION_REQUEST, TOKEN_LIST, TOKEN_REQUEST } from '../schemas/token.ts';
import { TOKEN_ID } from '../schemas/words.ts';
import { route } from './route.ts';

const BY_ID = request({ id: TOKEN_ID }, ['id']);

export const TOKEN_ROUTES = [
  route({
    method: 'GET',
    path: '/v1/caller',
    id: 'caller',
    summary: 'Who asks, as the host sees it',
    answer: { status: 200, schema: CALLER_VIEW, description: 'The caller.' },
    handle: (_actions, { caller: { role, tenant, token } }) => ({ role, tenant, token }),
  }),
  route({
    method: 'GET',
    path: '/v1/tokens',
    id: 'tokens',
    summary: 'All tokens, without their secrets',
    answer: { status: 200, schema: TOKEN_LIST, description: 'The tokens.' },
    handle: (actions) => ({ tokens: actions.tokens() }),
  }),
  route({
    method: 'POST',
    path: '/v1/tokens',
    id: 'createToken',
    summary: 'Create a token',
    body: TOKEN_REQUEST,
    answer: { status: 201, schema: ISSUED_TOKEN, description: 'The new token, and its secret.' },
    refusals: ['tokens-exhausted', 'bad-field'],
    handle: (actions, { body }) => actions.createToken(body),
  }),
  route({
    method: 'POST',
    path: '/v1/tokens/{id}/rotate',
    id: 'rotateToken',
    summary: 'Give a token a new secret; those before are taken for a while yet',
    params: BY_ID,
    body: ROTATION_REQUEST,
    answer: { status: 200, schema: ISSUED_TOKEN, description: 'The token, and its new secret.' },
    refusals: ['unknown-token', 'secrets-exhausted', 'bad-field'],
    handle: (actions, { params, body }) => actions.rotateToken(params.id, body),
  }),
  route({
    method: 'DELETE',
    path: '/v1/tokens/{id}',
    id: 'revokeToken',
    summary: 'Revoke a token: none of its secrets is taken any more',
    params: BY_ID,
    answer: { status: 204, description: 'It is gone.' },
    refusals: ['unknown-token'],
    handle: async (actions, { params }) => void (await actions.revokeToken(params.id)),
  }),
];
