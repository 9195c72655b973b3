import type { ContextView } from '@gpup/pf/actions';

/** Contexts of guests that go on must be the same under the next daemon. */
export function takeoverComplaints(before: readonly ContextView[], after: readonly ContextView[], livingPids: readonly number[]): readonly string[] {
  const identities = new Set(after.map(identityOf));
  return before
    .filter((context) => livingPids.includes(context.guestPid) && !identities.has(identityOf(context)))
    .map((context) => `The context ${identityOf(context)} of a guest that goes on is not there under the next daemon, which has ${[...identities].join(', ')}.`);
}

function identityOf({ id, partition, guestPid, vfPid, openedMs }: ContextView): string {
  return JSON.stringify({ id, partition, guestPid, vfPid, openedMs });
}
