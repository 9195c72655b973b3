import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Caller, HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { ApiError, INTERNAL, errorAnswer } from './api-error.ts';
import { conduct } from './conduct.ts';
import { API_LIMITS } from './limits.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './routes/route.ts';
import { EVENTS_PATH, OPENAPI_PATH, ROUTES } from './routes/table.ts';

export interface Admitted {
  readonly caller: Caller;
  /** In words. */
  readonly peer: string;
}

export interface ApplicationOptions {
  readonly actions: PfActions;
  readonly access: HostAccess;
  /** Whom the gate has let in with a request, and where from. */
  readonly callerOf: (request: IncomingMessage) => Admitted;
  /** Whatever is no refusal: a bug, ours or the host's. */
  readonly onFault: (error: unknown) => void;
  readonly makeServer: (handle: (request: IncomingMessage, response: ServerResponse) => void) => Server;
}

/** The routes on fastify. It neither listens nor decides who may ask. */
export function createApplication(options: ApplicationOptions): FastifyInstance {
  const { onFault, makeServer } = options;
  const answerError = (error: unknown, reply: FastifyReply): FastifyReply => {
    const answer = errorAnswer(asApiError(error));
    if (answer === undefined) onFault(error);
    const { status, headers, body } = answer ?? (errorAnswer(INTERNAL) as NonNullable<typeof answer>);
    return reply.code(status).headers(headers).send(body);
  };
  const application = fastify({
    serverFactory: makeServer,
    bodyLimit: API_LIMITS.bodyBytesMax,
    requestIdHeader: false,
    routerOptions: { maxParamLength: API_LIMITS.urlBytesMax, querystringParser },
    frameworkErrors: (error, _request, reply) => void answerError(error, reply as FastifyReply),
  });
  application.removeContentTypeParser('text/plain');
  application.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });
  application.setErrorHandler((error, _request, reply) => answerError(error, reply));
  application.setNotFoundHandler((request, reply) => answerError(notFound(request), reply));
  for (const route of ROUTES) addRoute(application, route, options);
  const document = JSON.stringify(openApiDocument());
  application.get(OPENAPI_PATH, (_request, reply) => reply.type('application/json; charset=utf-8').send(document));
  application.get(EVENTS_PATH, () => {
    throw new ApiError('upgrade-required', `${EVENTS_PATH} is a WebSocket.`, { headers: { upgrade: 'websocket', connection: 'upgrade' } });
  });
  return application;
}

function addRoute(application: FastifyInstance, route: Route, { actions, access, callerOf }: ApplicationOptions): void {
  const { answer } = route;
  const type = 'text' in answer ? answer.text : 'application/json; charset=utf-8';
  application.route({
    method: route.method,
    url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const { params, query, body } = request;
      const result = await conduct(route, { actions, access, ...callerOf(request.raw) }, { params, query, body });
      reply.code(answer.status);
      return result === undefined ? reply.send() : reply.type(type).send(result);
    },
  });
}

/** `?force` alone means `?force=true`. What is given twice is a list, which no schema takes. */
function querystringParser(text: string): Record<string, unknown> {
  const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of new URLSearchParams(text)) {
    const isFlag = value === '' && !text.includes(`${name}=`);
    found[name] = Object.hasOwn(found, name) ? [found[name], value] : isFlag ? 'true' : value;
  }
  return { ...found };
}

/** Of paths as OpenAPI writes them. */
const PATTERNS: readonly { readonly method: string; readonly pattern: RegExp }[] = [
  ...ROUTES.map(({ method, path }) => ({ method, path })),
  { method: 'GET', path: EVENTS_PATH },
  { method: 'GET', path: OPENAPI_PATH },
].map(({ method, path }) => ({ method, pattern: new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`) }));

function notFound({ url, method }: FastifyRequest): ApiError {
  const path = url.replace(/\?.*$/s, '');
  const allowed = PATTERNS.filter(({ pattern }) => pattern.test(path)).map((entry) => entry.method);
  if (allowed.length === 0) return new ApiError('path-not-found', `Nothing is at this path (${path.slice(0, API_LIMITS.quotedLengthMax)}).`);
  const all = [...allowed, ...(allowed.includes('GET') ? ['HEAD'] : [])];
  return new ApiError('method-not-allowed', `Method (${method}) is none of ${all.join(', ')}, which this path takes.`, { headers: { allow: all.join(', ') } });
}

/** Fastify's own complaints, in our words. Others are returned as they are. */
function asApiError(error: unknown): unknown {
  const { code, statusCode } = error as Partial<FastifyError>;
  switch (code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return new ApiError('body-too-large', `The body is larger than the limit (${API_LIMITS.bodyBytesMax} bytes).`, { field: 'body' });
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return new ApiError('unsupported-media-type', 'The body is not application/json.', { field: 'Content-Type' });
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new ApiError('invalid-json', 'The body is empty.', { field: 'body' });
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
      return new ApiError('bad-request', 'The body is not as long as Content-Length says.', { field: 'Content-Length' });
    case 'FST_ERR_BAD_URL':
      return new ApiError('bad-url', 'The URL is not one: a percent sign is not followed by two hexadecimal digits of UTF-8.');
    case 'FST_ERR_MAX_PARAM_LENGTH':
      return new ApiError('url-too-long', `A part of the URL is longer than the limit (${API_LIMITS.urlBytesMax}).`);
    default:
      return statusCode === 400 ? new ApiError('invalid-json', 'The body is no JSON, or names what no body may (__proto__).', { field: 'body' }) : error;
  }
}
