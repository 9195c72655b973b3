/**
 * What is new in the tail of a log since the tail before. The host gives tails only; both are of one growing log, so the new
 * one begins somewhere in the old one, unless more came between than a tail holds.
 */
export function newLines(before: readonly string[], now: readonly string[]): { readonly lines: readonly string[]; readonly missed: boolean } {
  for (let start = Math.max(0, before.length - now.length); start < before.length; start++) {
    const overlap = before.length - start;
    if (before.slice(start).every((line, index) => line === now[index])) return { lines: now.slice(overlap), missed: false };
  }
  return { lines: now, missed: before.length > 0 };
}
