import type { Caller } from '@gpup/pf/access';
import { ApiError } from '../api-error.ts';

/**
 * What a tenant may do, by operation; operators may do everything. docs/tenants.md has the same table, and a test holds the
 * two, and the OpenAPI document, together.
 *   - `all`: as everybody.
 *   - `own`: with its own partitions. Lists hold nothing else.
 *   - `never`: it concerns the whole host, or what one tenant gets of it is taken from others.
 */
export const TENANT_MAY: Readonly<Record<string, 'all' | 'own' | 'never'>> = {
  openApiDocument: 'all',
  caller: 'all',
  partitions: 'own',
  partition: 'own',
  largestAllocations: 'own',
  contexts: 'own',
  endContext: 'own',
  events: 'own',
  metrics: 'own',
  usage: 'own',
  host: 'never',
  logLines: 'never',
  adapters: 'never',
  setAdapterMode: 'never',
  setAdapterScheduling: 'never',
  createPartition: 'never',
  changePartition: 'never',
  removePartition: 'never',
  unblockPartition: 'never',
  tokens: 'never',
  createToken: 'never',
  rotateToken: 'never',
  revokeToken: 'never',
  auditEntries: 'never',
};

/** An operation that the table lacks is the operators'. */
export function admitRole({ role }: Pick<Caller, 'role'>, operation: string): void {
  const may = Object.hasOwn(TENANT_MAY, operation) ? TENANT_MAY[operation] : 'never';
  if (role === 'tenant' && may === 'never') throw operatorOnly(operation);
}

/** Says the same whatever the request names. */
export function operatorOnly(operation: string): ApiError {
  return new ApiError('operator-only', `The operation ${operation} needs the role "operator"; the token has the role "tenant".`);
}
