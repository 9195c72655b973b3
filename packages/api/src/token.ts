import { createHash, timingSafeEqual } from 'node:crypto';

/** What 16 random bytes have in hexadecimal: shorter ones can be guessed. */
export const TOKEN_LENGTH_MIN = 32;

/** A bearer token, compared in constant time: by their hashes, which have one length whatever the tokens have. */
export class Token {
  readonly #hash: Buffer;

  /** Throws where the token is too short, or cannot stand in a header. */
  constructor(text: string) {
    if (text.length < TOKEN_LENGTH_MIN) throw new RangeError(`The API's token has ${text.length} characters, less than the limit (${TOKEN_LENGTH_MIN}).`);
    if (!/^[\x21-\x7e]+$/.test(text)) throw new RangeError("The API's token has characters that a header cannot carry; use letters and digits.");
    this.#hash = hash(text);
  }

  /** Whether an Authorization header holds it. */
  isIn(header: string | undefined): boolean {
    const [, given] = /^Bearer +(\S+)$/i.exec(header ?? '') ?? [];
    return given !== undefined && timingSafeEqual(hash(given), this.#hash);
  }
}

function hash(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
