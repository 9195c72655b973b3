/**
 * Who gets how much of an adapter, by GPU-P's model: a quantity has min, optimal and max, and `current` follows what is free.
 *
 * Invariants:
 *   - The mins of an adapter's partitions fit into it together: a min is a promise that no other partition can break.
 *   - min <= current <= optimal, but while a partition uses more than its new target: then current is what it uses, so that
 *     nothing more is given to it, and it falls as its guests free memory.
 *   - The currents fit into the adapter together, as long as nobody uses more than its current.
 *   - All of it is a function of definitions and use: no order of events, and no restart, leaves a trace.
 *
 * What is above the mins is divided max-min fairly up to each one's optimal: nobody could have more without taking it
 * from somebody who has no more than they. `max` bounds what a scheduler may give of time that nobody else wants.
 *
 * Whoever applies new currents to running guests lowers budgets first, then reads the use once more and computes anew, and
 * only then raises the others: a guest may have allocated in between.
 */
import { Refusal } from '../refusal.ts';
import type { CapabilityBounds } from './capability.ts';
import { COMPUTE_PARTS, shareOf } from './compute-parts.ts';
import { waterLevels } from './water-level.ts';

/** What one partition may have of its adapter, and what it uses. Compute in COMPUTE_PARTS. */
export interface Claim {
  readonly name: string;
  readonly vram: CapabilityBounds;
  readonly compute: CapabilityBounds;
  readonly usedBytes: number;
}

export interface Allotment {
  /** The budget: what the partition's contexts may have allocated together. */
  readonly vramBytes: number;
  /** Null but while the partition uses more than it should have: what its budget falls to. */
  readonly shrinkingToBytes: number | null;
  readonly computeParts: number;
}

export interface Available {
  readonly vramBytes: number;
  readonly computeParts: number;
}

/** In the order of the claims, which decides only about single bytes that do not divide evenly. */
export function allot(adapterBytes: number, claims: readonly Claim[]): Allotment[] {
  const targets = waterLevels(adapterBytes, claims.map(({ vram }) => ({ floor: vram.min, ceiling: vram.optimal })));
  const currents = vramCurrents(adapterBytes, claims);
  const compute = waterLevels(COMPUTE_PARTS, claims.map(({ compute: { min, optimal } }) => ({ floor: min, ceiling: optimal })));
  return claims.map(({ usedBytes }, index) => {
    const target = targets[index] as number;
    return { vramBytes: currents[index] as number, shrinkingToBytes: usedBytes > target ? target : null, computeParts: compute[index] as number };
  });
}

/** What is used stays where it is: only what is free is divided. */
function vramCurrents(adapterBytes: number, claims: readonly Claim[]): number[] {
  const spans = claims.map((claim) => ({ floor: heldBytes(claim), ceiling: Math.max(heldBytes(claim), claim.vram.optimal) }));
  if (heldSum(claims) <= adapterBytes) return waterLevels(adapterBytes, spans);
  // Somebody uses more than was ever given to them. Their excess must not cost anybody else's min.
  return waterLevels(adapterBytes, claims.map((claim) => ({ floor: claim.vram.min, ceiling: heldBytes(claim) })));
}

/** The greatest mins that one more partition would be granted. */
export function availableOf(adapterBytes: number, claims: readonly Claim[]): Available {
  return {
    vramBytes: Math.max(0, adapterBytes - heldSum(claims)),
    computeParts: Math.max(0, COMPUTE_PARTS - claims.reduce((sum, { compute }) => sum + compute.min, 0)),
  };
}

/** Refuses a claim whose mins do not fit beside the others'. */
export function admit(adapter: { readonly id: string; readonly vramBytes: number }, claim: Claim, others: readonly Claim[]): void {
  const promisedBytes = others.reduce((sum, { vram }) => sum + vram.min, 0);
  if (promisedBytes + claim.vram.min > adapter.vramBytes) {
    throw new Refusal(
      'vram-exhausted',
      `Partition "${claim.name}" needs ${claim.vram.min} bytes of video memory; ${adapter.id} has ${adapter.vramBytes - promisedBytes} that are not promised to others, of ${adapter.vramBytes}.`,
      'vram.min',
    );
  }
  const promisedParts = others.reduce((sum, { compute }) => sum + compute.min, 0);
  if (promisedParts + claim.compute.min > COMPUTE_PARTS) {
    throw new Refusal(
      'compute-exhausted',
      `Partition "${claim.name}" needs ${shareOf(claim.compute.min)} of the time of ${adapter.id}, which has ${shareOf(COMPUTE_PARTS - promisedParts)} that are not promised to others, of 1.`,
      'compute.min',
    );
  }
}

/** Refuses a claim whose min others use at present, although it was not promised to them. */
export function checkFree(adapter: { readonly id: string; readonly vramBytes: number }, claim: Claim, others: readonly Claim[]): void {
  const freeBytes = Math.max(0, adapter.vramBytes - heldSum(others));
  if (heldBytes(claim) <= freeBytes) return;
  throw new Refusal(
    'vram-in-use',
    `Partition "${claim.name}" needs ${heldBytes(claim)} bytes of video memory; ${adapter.id} has ${freeBytes} that others neither use nor were promised, of ${adapter.vramBytes}.`,
    'vram.min',
  );
}

/** What nobody else can have: what was promised, or what is used beyond it. */
function heldBytes({ vram, usedBytes }: Claim): number {
  return Math.max(vram.min, usedBytes);
}

function heldSum(claims: readonly Claim[]): number {
  return claims.reduce((sum, claim) => sum + heldBytes(claim), 0);
}
