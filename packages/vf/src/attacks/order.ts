import type { Targets } from './attacks.ts';

export const ORDERS_FD = 4;

export interface Order {
  readonly name: string;
  readonly targets: Targets;
}

export interface Outcome {
  readonly name: string;
  /** Null: the attack has succeeded. */
  readonly error: string | null;
}
