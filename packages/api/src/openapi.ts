import { API_LIMITS } from './limits.ts';
import type { Answer, Route } from './routes/route.ts';
import { EVENTS_PATH, OPENAPI_PATH, ROUTES } from './routes/table.ts';
import { ADAPTER_CHANGE, ADAPTER_LIST, ADAPTER_VIEW } from './schemas/adapter.ts';
import { AUDIT_ENTRY, AUDIT_LIST } from './schemas/audit.ts';
import { CONTEXT_LIST, CONTEXT_VIEW } from './schemas/context.ts';
import { ERROR_BODY } from './schemas/error.ts';
import { EVENT_FRAME, HELLO_FRAME, HOST_EVENT, MISSED_FRAME } from './schemas/event.ts';
import { HOST_VIEW, LOG_VIEW } from './schemas/host.ts';
import { ALLOCATION, ALLOCATION_LIST, BASELINE, PARTITION_CHANGE, PARTITION_LIST, PARTITION_REQUEST, PARTITION_USAGE, PARTITION_VIEW } from './schemas/partition.ts';
import type { ObjectSchema } from './schemas/schema.ts';
import { CALLER_VIEW, ISSUED_TOKEN, ROTATION_REQUEST, TOKEN_LIST, TOKEN_REQUEST, TOKEN_VIEW } from './schemas/token.ts';
import { METERED_PARTITION, METERED_TENANT, USAGE_REPORT } from './schemas/usage.ts';
import { type ApiCode, STATUSES } from './statuses.ts';
import { TENANT_MAY } from './tenants/roles.ts';

/** The schemas that have a name in the document. Wherever one of these very constants is part of another, it is referred to. */
const COMPONENTS: Readonly<Record<string, object>> = {
  Error: ERROR_BODY,
  Host: HOST_VIEW,
  Log: LOG_VIEW,
  Adapter: ADAPTER_VIEW,
  AdapterList: ADAPTER_LIST,
  AdapterChange: ADAPTER_CHANGE,
  Baseline: BASELINE,
  Partition: PARTITION_VIEW,
  PartitionUsage: PARTITION_USAGE,
  PartitionList: PARTITION_LIST,
  PartitionRequest: PARTITION_REQUEST,
  PartitionChange: PARTITION_CHANGE,
  Allocation: ALLOCATION,
  AllocationList: ALLOCATION_LIST,
  Context: CONTEXT_VIEW,
  ContextList: CONTEXT_LIST,
  Caller: CALLER_VIEW,
  Token: TOKEN_VIEW,
  TokenList: TOKEN_LIST,
  TokenRequest: TOKEN_REQUEST,
  RotationRequest: ROTATION_REQUEST,
  IssuedToken: ISSUED_TOKEN,
  MeteredPartition: METERED_PARTITION,
  MeteredTenant: METERED_TENANT,
  Usage: USAGE_REPORT,
  AuditEntry: AUDIT_ENTRY,
  AuditList: AUDIT_LIST,
  Event: HOST_EVENT,
  Hello: HELLO_FRAME,
  Missed: MISSED_FRAME,
  EventFrame: EVENT_FRAME,
};

/** What any request can end in, whatever its route. */
const EVERYWHERE: readonly ApiCode[] = [
  'bad-request',
  'bad-url',
  'path-not-found',
  'unauthorized',
  'operator-only',
  'method-not-allowed',
  'request-timeout',
  'url-too-long',
  'host-not-allowed',
  'rate-limited',
  'headers-too-large',
  'internal',
];
const WITH_BODY: readonly ApiCode[] = ['invalid-json', 'body-too-large', 'unsupported-media-type'];
/** Nothing is changed that is not written down. */
const CHANGING: readonly ApiCode[] = ['audit-unavailable'];
const WITH_FIELDS: readonly ApiCode[] = ['invalid-value', 'missing-field', 'unknown-field'];

export interface OpenApiDocument {
  readonly openapi: '3.1.0';
  readonly info: object;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, unknown>>; readonly responses: Readonly<Record<string, object>> };
}

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  /** What a tenant may: `all`, with its `own` partitions, or `never`. */
  readonly 'x-tenant-may': string;
  readonly responses: Readonly<Record<string, object>>;
}

/** The OpenAPI 3.1 document, made of what the server checks with. Committed as openapi.json: a change of the API shows in review. */
export function openApiDocument(): OpenApiDocument {
  return {
    openapi: '3.1.0',
    info: {
      title: 'gpup host',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Adapters, partitions and contexts of one host. Over its Unix socket no token is needed; over TCP `Authorization: Bearer TOKEN`. ' +
        'A token has a role, operator or tenant; `x-tenant-may` says what the latter may do. ' +
        'Every error is an `Error` with a stable code. Answers may grow fields; a client ignores what it does not know.',
    },
    // Over the Unix socket none is needed, hence the empty alternative.
    security: [{}, { token: [] }],
    paths: paths(),
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      responses: { Refused: refused(EVERYWHERE, 'What any request can end in') },
      schemas: Object.fromEntries(Object.entries(COMPONENTS).map(([name, schema]) => [name, written(schema, schema)])),
    },
  } as OpenApiDocument;
}

function paths(): OpenApiDocument['paths'] {
  const found: Record<string, Record<string, Operation>> = {};
  for (const route of ROUTES) {
    const operations = (found[route.path] ??= {});
    operations[route.method.toLowerCase()] = operation(route);
  }
  found[EVENTS_PATH] = { get: eventsOperation() };
  found[OPENAPI_PATH] = { get: documentOperation() };
  return found;
}

function operation(route: Route): Operation {
  const codes = [...(route.body === undefined ? [] : WITH_BODY), ...WITH_FIELDS, ...route.refusals, ...(route.method === 'GET' ? [] : CHANGING)];
  return {
    operationId: route.id,
    summary: route.summary,
    'x-tenant-may': TENANT_MAY[route.id] ?? 'never',
    ...parametersOf(route),
    ...(route.body === undefined ? {} : { requestBody: { required: true, content: { 'application/json': { schema: written(route.body) } } } }),
    responses: { [route.answer.status]: answered(route.answer), ...refusals(codes) },
  };
}

function parametersOf({ params, query }: Route): { readonly parameters?: readonly object[] } {
  const parameters = [...parametersIn('path', params), ...parametersIn('query', query)];
  return parameters.length === 0 ? {} : { parameters };
}

function parametersIn(place: 'path' | 'query', schema: ObjectSchema | undefined): readonly object[] {
  if (schema === undefined) return [];
  return Object.entries(schema.properties).map(([name, value]) => {
    const { description, ...rest } = value;
    return { name, in: place, required: schema.required.includes(name), ...(description === undefined ? {} : { description }), schema: written(rest) };
  });
}

function answered(answer: Answer): object {
  const { description } = answer;
  if ('schema' in answer) return { description, content: { 'application/json': { schema: written(answer.schema) } } };
  if ('text' in answer) return { description, content: { 'text/plain': { schema: { type: 'string' } } } };
  return { description };
}

/** One response for each status, which lists its codes; what any request can end in is one for all. */
function refusals(codes: readonly ApiCode[]): Readonly<Record<string, object>> {
  const byStatus: Record<string, ApiCode[]> = {};
  for (const code of codes) (byStatus[STATUSES[code]] ??= []).push(code);
  const own = Object.entries(byStatus).map(([status, listed]) => [status, refused(listed, 'Refused')]);
  return { ...Object.fromEntries(own), default: { $ref: '#/components/responses/Refused' } };
}

function refused(codes: readonly ApiCode[], text: string): object {
  const listed = codes.map((code) => `\`${code}\` (${STATUSES[code]})`).join(', ');
  return { description: `${text}: ${listed}.`, content: { 'application/json': { schema: written(ERROR_BODY) } } };
}

function eventsOperation(): Operation {
  return {
    operationId: 'events',
    summary: 'What happens on the host, as a WebSocket',
    'x-tenant-may': TENANT_MAY['events'],
    parameters: [
      {
        name: 'after',
        in: 'query',
        required: false,
        description: `The number of the last event that the listener has: those after it come first, or a \`Missed\`. The host keeps ${API_LIMITS.backlogEventsMax} events at most.`,
        schema: { type: 'integer', minimum: 0 },
      },
    ],
    responses: {
      101: {
        description:
          'A WebSocket. Each text message is an `EventFrame`, a `Hello` first. A listener that does not read is closed with code 4001; one whose token is not taken any more with 4003; one that speaks with 1008; all with 1001 when the host ends.',
        content: { 'application/json': { schema: written(EVENT_FRAME) } },
      },
      ...refusals([...WITH_FIELDS, 'upgrade-required', 'listeners-exhausted']),
    },
  } as Operation;
}

function documentOperation(): Operation {
  return {
    operationId: 'openApiDocument',
    summary: 'This document',
    'x-tenant-may': TENANT_MAY['openApiDocument'],
    responses: { 200: { description: 'OpenAPI 3.1.', content: { 'application/json': { schema: { type: 'object' } } } }, ...refusals([]) },
  } as Operation;
}

const NAMES: ReadonlyMap<object, string> = new Map(Object.entries(COMPONENTS).map(([name, schema]) => [schema, name]));

/** A copy in which named schemas are references; `whole` is the one that is being written out, and is not one to itself. */
function written(value: unknown, whole?: object): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const name = value === whole ? undefined : NAMES.get(value);
  if (name !== undefined) return { $ref: `#/components/schemas/${name}` };
  if (Array.isArray(value)) return value.map((item) => written(item));
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, written(part)]));
}
