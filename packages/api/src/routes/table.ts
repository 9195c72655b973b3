import { ADAPTER_ROUTES } from './adapters.ts';
import { CONTEXT_ROUTES } from './contexts.ts';
import { HOST_ROUTES } from './host.ts';
import { METRICS_ROUTES } from './metrics.ts';
import { PARTITION_ROUTES } from './partitions.ts';
import { RECORD_ROUTES } from './records.ts';
import type { Route } from './route.ts';
import { TOKEN_ROUTES } from './tokens.ts';

/** Every route that parses into an operation of the host. The server and the document are both made from it. */
export const ROUTES: readonly Route[] = [...HOST_ROUTES, ...ADAPTER_ROUTES, ...PARTITION_ROUTES, ...CONTEXT_ROUTES, ...TOKEN_ROUTES, ...RECORD_ROUTES, ...METRICS_ROUTES];

/** What is served besides: no operation of the host, or not answered by a body. */
export const EVENTS_PATH = '/v1/events';
export const OPENAPI_PATH = '/openapi.json';
