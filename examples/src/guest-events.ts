/** What guest programs print: JSON objects, one a line, with an `event`. See guests/cli.mjs and hostile/main.ts. */
export type GuestEvent =
  | { readonly event: 'progress'; readonly step: number; readonly steps: number; readonly loss?: number; readonly error?: number }
  | AttackEvent
  | ResultEvent
  | { readonly event: 'mismatch'; readonly step: number; readonly error: number; readonly tolerance: number }
  | { readonly event: 'error'; readonly message: string };

/** One attack of the hostile guest, and what came of it. */
export interface AttackEvent {
  readonly event: 'attack';
  readonly name: string;
  /** What it did. */
  readonly did: string;
  /**
   * lost: the host ended the context. refused: the attack had no effect, and the context went on.
   * unanswered: neither was seen, so the attack may have had an effect.
   */
  readonly outcome: 'lost' | 'refused' | 'unanswered';
  readonly code: string;
  /** In the host's words, or the kernel's. */
  readonly reason: string;
}

export interface ResultEvent {
  readonly event: 'done';
  readonly work: string;
  readonly ok: boolean;
  readonly verdict: string;
  /** What else the program reports about its result. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Null: not a line of this kind. */
export function decodeGuestEvent(line: string): GuestEvent | null {
  const fields = objectOf(line);
  switch (fields['event']) {
    case 'progress':
      return decodeProgress(fields);
    case 'attack':
      return decodeAttack(fields);
    case 'done':
      return decodeResult(fields);
    case 'mismatch': {
      const { step, error, tolerance } = fields;
      if (typeof step !== 'number' || typeof error !== 'number' || typeof tolerance !== 'number') return null;
      return { event: 'mismatch', step, error, tolerance };
    }
    case 'error':
      return typeof fields['message'] === 'string' ? { event: 'error', message: fields['message'] } : null;
    default:
      return null;
  }
}

function decodeProgress({ step, steps, loss, error }: Fields): GuestEvent | null {
  if (typeof step !== 'number' || typeof steps !== 'number') return null;
  return {
    event: 'progress',
    step,
    steps,
    ...(typeof loss === 'number' ? { loss } : {}),
    ...(typeof error === 'number' ? { error } : {}),
  };
}

function decodeAttack({ name, did, outcome, code, reason }: Fields): GuestEvent | null {
  if (typeof name !== 'string' || typeof did !== 'string' || typeof code !== 'string' || typeof reason !== 'string') return null;
  if (outcome !== 'lost' && outcome !== 'refused' && outcome !== 'unanswered') return null;
  return { event: 'attack', name, did, outcome, code, reason };
}

function decodeResult({ event: _, ...fields }: Fields): GuestEvent | null {
  const { work, ok, verdict } = fields;
  if (typeof work !== 'string' || typeof ok !== 'boolean' || typeof verdict !== 'string') return null;
  return { event: 'done', work, ok, verdict, fields };
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(line: string): Fields {
  try {
    const value = JSON.parse(line) as unknown;
    if (typeof value === 'object' && value !== null) return value as Fields;
  } catch {
    // Not JSON: an object without any field is no event either.
  }
  return {};
}
