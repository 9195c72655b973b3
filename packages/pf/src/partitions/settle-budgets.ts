import type { Allotment } from './admission.ts';
import { type PartitionTable, type UseOf, allotments } from './partition-table.ts';

/** The budgets that guests are held to at this moment. A partition that has none yet has 0. */
export interface Budgets {
  readonly budgetOf: (name: string) => number;
  readonly setBudget: (name: string, bytes: number) => void;
  /** Looks afresh each time. */
  readonly use: UseOf;
}

/**
 * Brings the budgets that guests are held to towards what the table allots, while the guests go on.
 *
 * Invariant, for each adapter, whatever guests do between any two steps: the sum of max(budget, use) over its partitions does
 * not exceed the adapter, if it did not before. It holds because
 *   - a guest raises its use only up to its budget, so that lowering a budget is safe at any time, and
 *   - a budget is raised only out of what nobody's budget and nobody's use claims, looked at after all were lowered.
 * One that uses more than it should have is held to what it should have, and not to what it uses: of what it frees it gets
 * nothing again, however quick it is.
 * What a race leaves undone here is done by the next call: whoever owns the budgets calls it a few times a second, and after
 * each transition. A partition that is removed by force stays in the table until its VFs are reaped, since they use memory.
 */
export function settleBudgets(table: PartitionTable, { budgetOf, setBudget, use }: Budgets): void {
  for (const [name, allotment] of allotments(table, use)) {
    if (heldTo(allotment) < budgetOf(name)) setBudget(name, heldTo(allotment));
  }
  const raised = allotments(table, use);
  for (const adapter of table.adapters) {
    const names = table.partitions.filter(({ definition }) => definition.adapter === adapter.id).map(({ definition }) => definition.name);
    let freeBytes = adapter.vramBytes - names.reduce((sum, name) => sum + Math.max(budgetOf(name), use(name).vramBytes), 0);
    for (const name of names) {
      const budgetBytes = budgetOf(name);
      // What it uses above its budget is claimed already.
      const claimedBytes = Math.max(budgetBytes, use(name).vramBytes);
      const wantedBytes = heldTo(raised.get(name));
      const nextBytes = Math.min(wantedBytes, claimedBytes + Math.max(0, freeBytes));
      if (nextBytes <= budgetBytes) continue;
      setBudget(name, nextBytes);
      freeBytes -= Math.max(0, nextBytes - claimedBytes);
    }
  }
}

/** What a partition's guests may have together. */
export function heldTo(allotment: Allotment | undefined): number {
  return allotment === undefined ? 0 : Math.min(allotment.vramBytes, allotment.shrinkingToBytes ?? Number.POSITIVE_INFINITY);
}
