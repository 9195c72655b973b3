import type { Caller, Change, HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import { errorAnswer } from './api-error.ts';
import type { Parts, Route } from './routes/route.ts';
import { Ownership } from './tenants/ownership.ts';
import { admitRole } from './tenants/roles.ts';
import { TenantActions } from './tenants/tenant-actions.ts';

export interface Conducting {
  readonly actions: PfActions;
  readonly access: HostAccess;
  readonly caller: Caller;
  /** Where the request comes from, in words. */
  readonly peer: string;
}

/**
 * Answers a request that the gate has let in. In this order: what the path names, whose that is, the caller's role, the
 * rest of the request, and, for a change, the audit log. So of another's partition nothing is found out by what else is
 * wrong with a request, and no change begins that is not written down.
 */
export async function conduct(route: Route, { actions, access, caller, peer }: Conducting, parts: Parts): Promise<unknown> {
  const params = route.paramsOf(parts);
  const change: Change = { by: caller.role, tenant: caller.tenant, token: caller.token, peer, operation: route.id, target: Object.values(params).join(' '), asked: '{}' };
  const isChange = route.method !== 'GET';
  const { tenant } = caller;
  const admitted = (): void => admit(route, caller, access, params);
  if (isChange) noted(access, change, admitted);
  else admitted();
  const { asked, perform } = route.prepare(parts, caller);
  const host = tenant === null ? actions : new TenantActions(actions, access, tenant);
  if (!isChange) return await perform(host);
  return await audited(access, { ...change, asked: JSON.stringify(asked) }, () => perform(host));
}

/** Whose it is comes before the role: else a refusal of the role would tell that something is there. */
function admit(route: Route, caller: Caller, access: HostAccess, params: Readonly<Record<string, unknown>>): void {
  if (caller.tenant !== null) {
    const own = new Ownership(access, caller.tenant);
    if (route.names === 'partition') own.admitPartition(String(params['name']));
    if (route.names === 'context') own.admitContext(Number(params['id']));
  }
  admitRole(caller, route.id);
}

/** A change that its caller may not make is written down as well. */
function noted(access: HostAccess, change: Change, admitted: () => void): void {
  try {
    admitted();
  } catch (error) {
    access.beginChange(change)(outcomeOf(error));
    throw error;
  }
}

async function audited(access: HostAccess, change: Change, perform: () => Promise<unknown>): Promise<unknown> {
  const end = access.beginChange(change);
  try {
    const result = await perform();
    end('done');
    return result;
  } catch (error) {
    end(outcomeOf(error));
    throw error;
  }
}

function outcomeOf(error: unknown): string {
  return errorAnswer(error)?.body.error.code ?? 'internal';
}
