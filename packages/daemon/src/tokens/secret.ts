import { createHash, randomBytes, randomInt } from 'node:crypto';

/**
 * What a caller presents: `gpup_`, the token's id, and 256 random bits. The id finds the token without a search; the prefix
 * lets scanners find a secret where it should not be.
 */
const SECRET = /^gpup_([a-z2-7]{10})_[A-Za-z0-9_-]{43}$/;
const ID = /^[a-z2-7]{10}$/;
const ID_LENGTH = 10;
const ID_LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const SECRET_BYTES = 32;

export interface Secret {
  /** Told once. */
  readonly text: string;
  /** What is kept: a hash suffices without salt or cost, as nobody can guess 256 random bits. */
  readonly hash: Buffer;
}

export function makeSecret(id: string): Secret {
  const text = `gpup_${id}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
  return { text, hash: hashOf(text) };
}

export function makeId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('');
}

export function isId(text: string): boolean {
  return ID.test(text);
}

/** The id that a presented text claims; undefined: it is no secret of ours. */
export function claimedId(text: string): string | undefined {
  return SECRET.exec(text)?.[1];
}

export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
