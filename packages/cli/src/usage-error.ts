/** The command line cannot be carried out as it is written. Ends with exit status 2, as the shell's own builtins do. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
