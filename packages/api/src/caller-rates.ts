import type { IncomingMessage } from 'node:http';
import type { Caller } from '@gpup/pf/access';
import { ApiError } from './api-error.ts';
import { RateLimit, type RateLimits } from './rate-limit.ts';

export interface CallerRateLimits extends RateLimits {
  readonly tenantRequestBurstMax: number;
  readonly tenantRequestsPerSecond: number;
  readonly tenantChangeBurstMax: number;
  readonly tenantChangesPerSecond: number;
  readonly callersMax: number;
}

/**
 * How much each may ask. Who presents a token of a tenant's counts as that tenant, whatever the token and the address, so
 * that a tenant that floods takes nothing from others behind the same address; its changes count once more, since each
 * costs two lines of the audit log. Who presents none, or a wrong one, counts as the address.
 */
export class CallerRates {
  readonly #addresses: RateLimit;
  readonly #tokens: RateLimit;
  readonly #tenants: RateLimit;
  readonly #changes: RateLimit;

  constructor(limits: CallerRateLimits, nowMs: () => number) {
    const peersMax = limits.callersMax;
    this.#addresses = new RateLimit(limits, nowMs);
    this.#tokens = new RateLimit({ ...limits, peersMax }, nowMs);
    this.#tenants = new RateLimit({ requestBurstMax: limits.tenantRequestBurstMax, requestsPerSecond: limits.tenantRequestsPerSecond, peersMax }, nowMs);
    this.#changes = new RateLimit({ requestBurstMax: limits.tenantChangeBurstMax, requestsPerSecond: limits.tenantChangesPerSecond, peersMax }, nowMs);
  }

  /** Throws an `ApiError` where it is too much. */
  admit({ method }: IncomingMessage, caller: Caller | undefined, address: string): void {
    if (caller === undefined || caller.token === null) return admitRate(this.#addresses, address);
    if (caller.tenant === null) return admitRate(this.#tokens, caller.token);
    admitRate(this.#tenants, caller.tenant);
    if (method !== 'GET' && method !== 'HEAD') admitRate(this.#changes, caller.tenant);
  }
}

function admitRate(rate: RateLimit, peer: string): void {
  const waitMs = rate.waitMs(peer);
  if (waitMs === 0) return;
  throw new ApiError('rate-limited', `Too many requests; the next one is taken in ${waitMs} ms.`, { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}
