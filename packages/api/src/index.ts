export { EVENTS_PATH } from './routes/table.ts';
export { API_LIMITS } from './limits.ts';
export { openApiDocument } from './openapi.ts';
export { type ApiServer, type ApiServerOptions, createApiServer } from './server.ts';
export { STATUSES, statusOf } from './statuses.ts';
export { TOKEN_LENGTH_MIN } from './token.ts';
