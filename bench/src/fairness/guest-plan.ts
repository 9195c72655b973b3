/** What a guest is and what it is told, between the bench and the guest's process. */

/** What one submit is: so many workgroups of a fixed amount of work. Its length in ms is the machine's. */
export interface SubmitSize {
  readonly groupCount: number;
}

/** How a guest uses its contexts. */
export type Pace =
  /** Each context always has so many submits unfinished. */
  | { readonly kind: 'depth'; readonly depth: number }
  /** One submit at a time, each at the next tick of a clock, as a program that draws does. */
  | { readonly kind: 'frames'; readonly periodMs: number };

export interface GuestPlan extends SubmitSize {
  readonly contextCount: number;
  readonly pace: Pace;
  /** The GPU's own clock takes the time of each submit, where the adapter has it. */
  readonly isTimed: boolean;
}

/** Times are of the machine's monotonic clock, so that all guests mean the same moment. */
export interface Window {
  /** From here on there is work. */
  readonly startUs: number;
  /** From here on it counts. */
  readonly fromUs: number;
  /** Until here. */
  readonly toUs: number;
}

/** What a guest has done in a window. All of its work up to then was checked, and is right. */
export interface WindowFigures {
  /** Submits that finished in it. */
  readonly submitCount: number;
  /** From a submit to the news that it has finished, for those that finished in it. */
  readonly latenciesMs: readonly number[];
  /** By the GPU's clock; undefined where it is not asked. */
  readonly longestSubmitMs?: number;
}

export type GuestReply =
  | { readonly type: 'ready'; readonly adapter: string }
  | { readonly type: 'figures'; readonly figures: WindowFigures }
  | { readonly type: 'failed'; readonly message: string };
