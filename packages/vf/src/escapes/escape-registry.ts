import { assert } from '@gpup/base';
import { FEATURE_LEVELS, formatFeatureLevel, Reader, Writer } from '@gpup/wire';
import { ESCAPE_CODECS, ESCAPES, type EscapeName, type EscapeReplies, type EscapeRequests } from '@gpup/wire/escapes';

/** What can be opened for a partition. */
export const ESCAPE_NAMES: readonly EscapeName[] = Object.keys(ESCAPES) as EscapeName[];

/** What each escape does: it is synchronous, and its answer is as large as its type. */
export type EscapeHandlers = { readonly [Name in EscapeName]: (request: EscapeRequests[Name]) => EscapeReplies[Name] };

export interface EscapeCall {
  readonly number: number;
  readonly version: number;
  readonly data: Uint32Array;
  /** At which the guest and the host have met. */
  readonly featureLevel: number;
}

/** Why an escape was not done. The guest's program hears of it; it is no fault. */
export interface EscapeRefusal {
  readonly kind: 'refused';
  readonly name: string;
  readonly reason: string;
  readonly message: string;
}

export type EscapeAnswer = { readonly kind: 'answered'; readonly words: Uint32Array } | EscapeRefusal;

const NAME_BY_NUMBER: ReadonlyMap<number, EscapeName> = new Map(ESCAPE_NAMES.map((name) => [ESCAPES[name].number, name]));

/**
 * The escapes of one context. Each is closed but for those that its partition has opened; none takes or gives
 * more words than it is registered with. A request that is small enough and does not decode is a GuestFault.
 */
export class EscapeRegistry {
  #open: ReadonlySet<EscapeName> = new Set();
  readonly #handlers: EscapeHandlers;
  readonly #reader = new Reader();
  readonly #writer = new Writer(64);

  /** Throws for a name that is no escape's: what a host opens comes from its operator, never from a guest. */
  constructor(names: readonly string[], handlers: EscapeHandlers) {
    this.open(names);
    this.#handlers = handlers;
  }

  /** From now on these, and no others. */
  open(names: readonly string[]): void {
    this.#open = new Set(names.map(escapeNamed));
  }

  get openNames(): readonly EscapeName[] {
    return [...this.#open].sort();
  }

  answer(call: EscapeCall): EscapeAnswer {
    const name = NAME_BY_NUMBER.get(call.number);
    if (name === undefined) {
      return refused('NotSupportedError', 'escape-unknown', `The host does not know the escape ${call.number}; it knows ${ESCAPE_NAMES.join(', ')}.`);
    }
    return this.#refusal(name, call) ?? this.#answer(name, call.data);
  }

  #refusal(name: EscapeName, { version, data, featureLevel }: EscapeCall): EscapeRefusal | null {
    const { version: known, requestWordsMax } = ESCAPES[name];
    if (featureLevel < FEATURE_LEVELS.escapes) {
      return refused('NotSupportedError', 'escape-level', `The escape ${name} needs feature level ${formatFeatureLevel(FEATURE_LEVELS.escapes)}, the context has ${formatFeatureLevel(featureLevel)}.`);
    }
    if (!this.#open.has(name)) {
      return refused('NotAllowedError', 'escape-closed', `The escape ${name} is closed; its partition has opened ${this.openNames.join(', ') || 'none'}.`);
    }
    if (version < 1 || version > known) {
      return refused('NotSupportedError', 'escape-version', `The escape ${name} is asked for in version ${version}, the host knows versions 1 to ${known}.`);
    }
    if (data.length > requestWordsMax) {
      return refused('OperationError', 'escape-size', `The escape ${name} came with ${data.length} words, the limit is ${requestWordsMax}.`);
    }
    return null;
  }

  #answer<Name extends EscapeName>(name: Name, data: Uint32Array): EscapeAnswer {
    const codec = ESCAPE_CODECS[name];
    this.#reader.open(data, 0, data.length);
    const request = codec.decodeRequest(this.#reader);
    this.#reader.close();
    this.#writer.reset();
    codec.encodeReply(this.#writer, this.#handlers[name](request));
    const { words, length } = this.#writer;
    assert(length <= ESCAPES[name].replyWordsMax);
    return { kind: 'answered', words: words.subarray(0, length) };
  }
}

/** Of names that another version may have written, those that this one knows. */
export function knownEscapes(names: readonly string[]): readonly EscapeName[] {
  return ESCAPE_NAMES.filter((known) => names.includes(known));
}

export function escapeNamed(name: string): EscapeName {
  const found = ESCAPE_NAMES.find((candidate) => candidate === name);
  if (found !== undefined) return found;
  throw new Error(`The escape (${name}) is none of ${ESCAPE_NAMES.join(', ')}.`);
}

function refused(name: string, reason: string, message: string): EscapeRefusal {
  return { kind: 'refused', name, reason, message };
}
