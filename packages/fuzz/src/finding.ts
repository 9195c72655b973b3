/** Something that must not happen. */
export interface Finding {
  /** What went wrong, in a word: `bug`, `prediction`, `accounts`, `heap-write`, `slow`, `memory`, `rejection`, … */
  readonly kind: string;
  /** The packet, command or operation it happened in. */
  readonly row: string;
  readonly message: string;
  readonly stack?: string;
}

/** Two findings with the same key are taken to be one. Numbers differ from input to input. */
export function findingKey({ kind, row, message }: Finding): string {
  return `${kind}: ${row}: ${message.replace(/0x[0-9a-f]+|\d+/g, '#').slice(0, 160)}`;
}

export function findingOf(kind: string, row: string, error: unknown): Finding {
  if (!(error instanceof Error)) return { kind, row, message: String(error) };
  return { kind, row, message: `${error.name}: ${error.message}`, ...(error.stack === undefined ? {} : { stack: error.stack }) };
}

/** What kills or stops the process that executes commands is the implementation's doing: its own bugs, kept apart from ours. */
export function isBackendBug({ kind }: Finding, target: string): boolean {
  return target === 'dawn' && (kind === 'crash' || kind === 'hang');
}
