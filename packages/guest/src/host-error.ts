/** There is no GPU for this program, or not any more. `code` is a stable word, the message a sentence for people. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}
