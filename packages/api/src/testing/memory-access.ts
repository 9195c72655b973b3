import type { Caller, Change, HostAccess } from '@gpup/pf/access';
import { Refusal } from '@gpup/pf/refusal';
import type { MemoryActions } from './memory-actions.ts';

/** The gate's part of a host of figures. */
export class MemoryAccess implements HostAccess {
  readonly #actions: MemoryActions;
  /** The disk is full. */
  isAuditBroken = false;

  constructor(actions: MemoryActions) {
    this.#actions = actions;
  }

  callerOf(secret: string): Caller | undefined {
    return this.#actions.memoryTokens.callerOf(secret);
  }

  tenantOfPartition(name: string): string | null | undefined {
    return this.#actions.tenantOf(name);
  }

  partitionOfContext(id: number): string | undefined {
    return this.#actions.partitionOf(id);
  }

  beginChange(change: Change): (outcome: string) => void {
    if (this.isAuditBroken) throw new Refusal('audit-unavailable', 'The audit log cannot be written.');
    const { audit } = this.#actions;
    const index = audit.length;
    audit.push({ id: index + 1, timeMs: 1_700_000_000_000, ...change, outcome: 'pending', endedMs: null });
    return (outcome) => {
      audit[index] = { ...(audit[index] as (typeof audit)[number]), outcome, endedMs: 1_700_000_000_001 };
    };
  }

  peerOf(): string {
    return 'socket';
  }
}
