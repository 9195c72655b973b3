/** A position in a stream of words: a count mod 2^32. */

/** How far `to` is ahead of `from`. */
export function wordsBetween(from: number, to: number): number {
  return (to - from) >>> 0;
}

export function advance(position: number, wordCount: number): number {
  return (position + wordCount) >>> 0;
}
