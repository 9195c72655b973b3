/** What takes video memory, as people see it. */
export interface LabelledBytes {
  readonly label: string;
  readonly kind: 'buffer' | 'texture' | 'query-set';
  readonly bytes: number;
}

/** The `countMax` largest ones, the largest first, of equal ones the earlier; one pass, and no more memory than that. */
export function largest<T>(items: Iterable<T>, countMax: number, bytesOf: (item: T) => number): T[] {
  const found: T[] = [];
  if (countMax <= 0) return found;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (found.length >= countMax && bytes <= bytesOf(found.at(-1) as T)) continue;
    let index = found.length;
    while (index > 0 && bytesOf(found[index - 1] as T) < bytes) index--;
    found.splice(index, 0, item);
    if (found.length > countMax) found.pop();
  }
  return found;
}
