/** Something that must hold of what is seen. */
export interface Invariant<Seen> {
  readonly name: string;
  /** What does not hold, one sentence each. */
  complaints(seen: Seen): readonly string[];
}

export interface Complaint {
  readonly invariant: string;
  readonly message: string;
}

export function complaintsOf<Seen>(invariants: readonly Invariant<Seen>[], seen: Seen): readonly Complaint[] {
  return invariants.flatMap(({ name, complaints }) => complaints(seen).map((message) => ({ invariant: name, message })));
}

/** A sentence where two numbers are not equal. */
export function unequal(what: string, found: number | undefined, expected: number): readonly string[] {
  return found === expected ? [] : [`${what} is ${found}, expected ${expected}.`];
}

export function sumOf<T>(list: readonly T[], value: (each: T) => number): number {
  return list.reduce((sum, each) => sum + value(each), 0);
}
