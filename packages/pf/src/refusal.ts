/** Why an operation on the host was not done: a host condition, not a bug. Ends at whoever asked, as a code and a sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Stable, for programs: `partition-exists`, `vram-exhausted`, … */
  readonly code: string;
  /** The field of the request that is wrong, as a path (`vram.maxBytes`); undefined where no single one is. */
  readonly field: string | undefined;

  constructor(code: string, message: string, field?: string) {
    super(message);
    this.code = code;
    this.field = field;
  }
}
