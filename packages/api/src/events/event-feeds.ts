import type { Caller, HostAccess } from '@gpup/pf/access';
import type { PfActions } from '@gpup/pf/actions';
import { TenantActions } from '../tenants/tenant-actions.ts';
import type { BacklogLimits } from './backlog.ts';
import { EventFeed } from './event-feed.ts';

export interface TenantFeedLimits {
  readonly tenantBacklogEventsMax: number;
  readonly tenantBacklogBytesMax: number;
}

/**
 * One feed for operators, and one for each tenant that has listened, with numbers of its own. A tenant's feed begins with its
 * first listener and stays as long as the host: else its numbers would begin anew, and a listener that comes back would
 * not notice. There are no more of them than tenants that somebody has made tokens for.
 */
export class EventFeeds {
  readonly #actions: PfActions;
  readonly #access: HostAccess;
  readonly #limits: BacklogLimits & TenantFeedLimits;
  readonly #operators: EventFeed;
  readonly #tenants = new Map<string, EventFeed>();

  constructor({ actions, access }: { readonly actions: PfActions; readonly access: HostAccess }, limits: BacklogLimits & TenantFeedLimits) {
    this.#actions = actions;
    this.#access = access;
    this.#limits = limits;
    this.#operators = this.#feedFrom(actions, limits);
  }

  of({ tenant }: Caller): EventFeed {
    if (tenant === null) return this.#operators;
    const { tenantBacklogEventsMax, tenantBacklogBytesMax } = this.#limits;
    const limits = { backlogEventsMax: tenantBacklogEventsMax, backlogBytesMax: tenantBacklogBytesMax };
    const feed = this.#tenants.get(tenant) ?? this.#feedFrom(new TenantActions(this.#actions, this.#access, tenant), limits);
    this.#tenants.set(tenant, feed);
    return feed;
  }

  close(): void {
    for (const feed of [this.#operators, ...this.#tenants.values()]) feed.close();
  }

  #feedFrom(actions: PfActions, limits: BacklogLimits): EventFeed {
    return new EventFeed({ subscribe: (listener) => actions.subscribe(listener), startedMs: () => this.#actions.host().startedMs }, limits);
  }
}
