/** What a part of the bench has found, as `--json` writes it. */

export interface Bar {
  readonly sign: '≥' | '≤';
  readonly limit: number;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  /** Undefined: told for comparison, and nothing is asked of it. */
  readonly bar?: Bar;
  readonly isReached?: boolean;
}

export interface GuestShare {
  readonly guest: string;
  /** Of what it does alone in the same time. */
  readonly share: number;
  /** Null: the policy promises nothing. */
  readonly promised: number | null;
  readonly submitCount: number;
  /** Part of the window for which it held the adapter, by the host's clock; where nobody has turns, by what its VFs say. */
  readonly heldPart: number;
  readonly turnCount: number;
  readonly alonePerSecond: number;
}

/** Guests who worked at the same time. */
export interface ShareGroup {
  readonly title: string;
  readonly guests: readonly GuestShare[];
}

export interface LatencySeries {
  readonly title: string;
  readonly latenciesMs: readonly number[];
  readonly longestSubmitMs: number;
  /** Null: none is promised. */
  readonly boundMs: number | null;
}

export interface Outcome {
  readonly part: string;
  readonly figures: readonly Figure[];
  readonly groups: readonly ShareGroup[];
  readonly latencies: readonly LatencySeries[];
  /** By how much what guests do alone changed between the first and the last time, at most: how far the machine can be trusted. */
  readonly driftPart: number;
  /** The largest part of the machine's processors that others had during a window. */
  readonly othersPart: number;
}

/** A figure with its verdict. One that is no number has reached nothing. */
export function judged(name: string, value: number, { unit = '', bar }: { readonly unit?: string; readonly bar?: Bar } = {}): Figure {
  if (bar === undefined) return { name, unit, value };
  return { name, unit, value, bar, isReached: bar.sign === '≥' ? value >= bar.limit : value <= bar.limit };
}
