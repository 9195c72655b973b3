/** Why an escape was not done. */
export class EscapeError extends Error {
  override readonly name = 'EscapeError';
  /** `escape-closed`, `escape-level`, `escape-version`, `escape-size`, `escape-unknown`, or `context-lost`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
