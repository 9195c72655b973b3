import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Caller, IssuedToken, RotationRequest, TokenRequest, TokenView } from '@gpup/pf/access';
import { PF_LIMITS } from '@gpup/pf';
import { Refusal } from '@gpup/pf/refusal';
import { type Secret, claimedId, hashOf, isId, makeId, makeSecret } from './secret.ts';
import { decodeRotation, decodeTokenRequest } from './token-request.ts';
import type { SavedSecret, SavedToken, SavedTokens } from './tokens-file.ts';

export interface TokenStoreOptions {
  /** Null: there never were any. */
  readonly saved: SavedTokens | null;
  /** Returns when it would survive a loss of power, or throws, with the older ones in place. */
  readonly save: (tokens: SavedTokens) => void;
  /** The clock on the wall, which may be set back and forth. */
  readonly nowMs: () => number;
  /** A clock that goes on evenly. */
  readonly uptimeMs: () => number;
}

interface KeptSecret {
  readonly hash: Buffer;
  /** On the even clock; infinite for the newest. */
  readonly endMs: number;
  usedMs: number | null;
}

interface KeptToken extends Pick<SavedToken, 'id' | 'name' | 'role' | 'tenant' | 'createdMs'> {
  /** The newest first. */
  readonly secrets: readonly KeptSecret[];
}

/**
 * The tokens of a host. A change is saved before it holds.
 *
 * A grace period is counted on the even clock, so that setting the one on the wall neither ends nor prolongs it while a
 * host runs. Over a restart only the time between the last save and the start is taken from the clock on the wall: where
 * that was set back meanwhile it counts as none, and where it was set forth secrets end too early rather than too late.
 */
export class TokenStore {
  readonly #options: TokenStoreOptions;
  #tokens: ReadonlyMap<string, KeptToken>;
  #savedUptimeMs: number;

  constructor(options: TokenStoreOptions) {
    this.#options = options;
    this.#savedUptimeMs = options.uptimeMs();
    const { savedMs = 0, tokens = [] } = options.saved ?? {};
    const downMs = Math.max(0, options.nowMs() - savedMs);
    this.#tokens = new Map(tokens.map((token) => [token.id, { ...token, secrets: token.secrets.map((secret) => this.#restored(secret, downMs)) }]));
  }

  #restored({ hash, leftMs }: SavedSecret, downMs: number): KeptSecret {
    const endMs = leftMs === null ? Number.POSITIVE_INFINITY : this.#options.uptimeMs() + leftMs - downMs;
    return { hash: Buffer.from(hash, 'hex'), endMs, usedMs: null };
  }

  /** The same work whatever is presented: what takes longer would tell how much of it is right. */
  callerOf(presented: string): Caller | undefined {
    const given = hashOf(presented);
    const token = this.#tokens.get(claimedId(presented) ?? '');
    let found: KeptSecret | undefined;
    for (let index = 0; index < PF_LIMITS.tokenSecretsMax; index++) {
      const secret = token?.secrets[index] ?? NO_SECRET;
      if (timingSafeEqual(given, secret.hash) && this.#isTaken(secret)) found = secret;
    }
    if (token === undefined || found === undefined) return undefined;
    found.usedMs = this.#options.nowMs();
    const { hash } = found;
    const { id, role, tenant } = token;
    return { role, tenant, token: id, isCurrent: () => this.#tokens.get(id)?.secrets.some((secret) => secret.hash.equals(hash) && this.#isTaken(secret)) ?? false };
  }

  list(): readonly TokenView[] {
    return [...this.#tokens.values()].map((token) => this.#view(token));
  }

  create(asked: TokenRequest): IssuedToken {
    const { role, tenant = null, name = null } = decodeTokenRequest(asked);
    if (this.#tokens.size >= PF_LIMITS.tokensMax) {
      throw new Refusal('tokens-exhausted', `The host has ${this.#tokens.size} tokens, as many as it may have (${PF_LIMITS.tokensMax}).`);
    }
    const id = this.#freeId();
    return this.#issue({ id, name, role, tenant, createdMs: this.#options.nowMs(), secrets: [] }, makeSecret(id));
  }

  /** No older secret is taken for longer than the grace, also where an earlier rotation gave it more. */
  rotate(id: string, asked: RotationRequest): IssuedToken {
    const { graceMs } = decodeRotation(asked);
    const token = this.#known(id);
    const endMs = this.#options.uptimeMs() + graceMs;
    const older = graceMs === 0 ? [] : this.#taken(token).map((secret) => ({ ...secret, endMs: Math.min(secret.endMs, endMs) }));
    if (older.length >= PF_LIMITS.tokenSecretsMax) {
      throw new Refusal('secrets-exhausted', `Token "${id}" has ${older.length} secrets that are taken yet, as many as it may have (${PF_LIMITS.tokenSecretsMax}); a grace of 0 ends them.`, 'graceMs');
    }
    return this.#issue({ ...token, secrets: older }, makeSecret(id));
  }

  revoke(id: string): void {
    this.#known(id);
    this.#keep([...this.#tokens.values()].filter((token) => token.id !== id));
  }

  /** Now and then: what a restart would not know of the time that has gone by is little. Does nothing while no grace is running. */
  keepTime(): void {
    const isRunning = [...this.#tokens.values()].some(({ secrets }) => secrets.length > 1);
    if (isRunning && this.#options.uptimeMs() - this.#savedUptimeMs >= KEEP_TIME_MS) this.#keep([...this.#tokens.values()]);
  }

  #issue(token: KeptToken, { text, hash }: Secret): IssuedToken {
    const issued = { ...token, secrets: [{ hash, endMs: Number.POSITIVE_INFINITY, usedMs: null }, ...token.secrets] };
    const others = [...this.#tokens.values()].filter(({ id }) => id !== token.id);
    this.#keep([...others, issued]);
    return { token: this.#view(issued), secret: text };
  }

  #keep(tokens: readonly KeptToken[]): void {
    const next = tokens.map((token) => ({ ...token, secrets: this.#taken(token) })).sort((one, other) => one.createdMs - other.createdMs);
    const uptimeMs = this.#options.uptimeMs();
    this.#options.save({ savedMs: this.#options.nowMs(), tokens: next.map((token) => savedToken(token, uptimeMs)) });
    this.#savedUptimeMs = uptimeMs;
    this.#tokens = new Map(next.map((token) => [token.id, token]));
  }

  #known(id: string): KeptToken {
    const token = this.#tokens.get(id);
    if (token !== undefined) return token;
    throw new Refusal('unknown-token', `There is no token "${isId(id) ? id : id.slice(0, PF_LIMITS.partitionNameLengthMax)}".`);
  }

  #freeId(): string {
    for (;;) {
      const id = makeId();
      if (!this.#tokens.has(id)) return id;
    }
  }

  #taken({ secrets }: KeptToken): readonly KeptSecret[] {
    return secrets.filter((secret) => this.#isTaken(secret));
  }

  #isTaken({ endMs }: KeptSecret): boolean {
    return this.#options.uptimeMs() < endMs;
  }

  #view(token: KeptToken): TokenView {
    const { id, name, role, tenant, createdMs } = token;
    const [newest, ...older] = this.#taken(token);
    const uptimeMs = this.#options.uptimeMs();
    return {
      id, name, role, tenant, createdMs,
      usedMs: newest?.usedMs ?? null,
      olderSecrets: older.map(({ endMs, usedMs }) => ({ leftMs: leftUntil(endMs, uptimeMs) ?? 0, usedMs })),
    };
  }
}

function savedToken({ id, name, role, tenant, createdMs, secrets }: KeptToken, uptimeMs: number): SavedToken {
  return { id, name, role, tenant, createdMs, secrets: secrets.map(({ hash, endMs }) => ({ hash: hash.toString('hex'), leftMs: leftUntil(endMs, uptimeMs) })) };
}

function leftUntil(endMs: number, uptimeMs: number): number | null {
  return endMs === Number.POSITIVE_INFINITY ? null : Math.max(0, Math.ceil(endMs - uptimeMs));
}

/** Equal to no hash that anybody can present. */
const NO_SECRET: KeptSecret = { hash: randomBytes(32), endMs: 0, usedMs: null };

const KEEP_TIME_MS = 60_000;
