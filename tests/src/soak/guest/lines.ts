/** What a guest of a soak and its parent say to each other: JSON lines on its standard input and output. */

export const ESCAPE_NAMES = ['statistics', 'latency-class'] as const;
export type EscapeName = (typeof ESCAPE_NAMES)[number];

export type GuestCommand =
  /** Ends its round, waits for its queue, and answers with its account; then only what it is asked. */
  | { readonly name: 'pause' }
  | { readonly name: 'resume' }
  /** Allocates pieces until it is refused the smallest one, or has so many bytes more. */
  | { readonly name: 'fill'; readonly bytesMax: number }
  /** Gives back what it has filled itself with. */
  | { readonly name: 'free' }
  /** So many frames whose passes repeat, and a look at the last. */
  | { readonly name: 'draw'; readonly frameCount: number }
  | { readonly name: 'escape'; readonly escape: EscapeName }
  /** Changes a word of its own behind its own back: the next comparison must see it. */
  | { readonly name: 'spoil' }
  | { readonly name: 'end' };

/** The smallest piece that a guest fills itself with. */
export const FILL_BYTES_MIN = 64 << 10;

/** What a guest says that it has and has done. */
export interface GuestAccount {
  readonly vramBytes: number;
  readonly submitCount: number;
}

export interface FillAnswer {
  readonly addedBytes: number;
  /** The smallest piece that it was refused; null where it got all that it wanted. */
  readonly refusedBytes: number | null;
}

export type EscapeAnswer =
  | { readonly kind: 'answered'; readonly values: Readonly<Record<string, number | string | null>> }
  | { readonly kind: 'refused'; readonly code: string };

export type GuestLine =
  | { readonly type: 'ready' }
  | { readonly type: 'round'; readonly rounds: number; readonly verifiedBytes: number }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  /** Its last line. */
  | GuestEndLine;

export type GuestEndLine =
  | { readonly type: 'done'; readonly rounds: number; readonly verifiedBytes: number }
  | { readonly type: 'lost'; readonly text: string }
  | { readonly type: 'refused'; readonly code: string; readonly text: string }
  | { readonly type: 'wrong'; readonly text: string }
  | { readonly type: 'error'; readonly text: string };
