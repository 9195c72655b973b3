import type { Caller, IssuedToken, RotationRequest, TokenRequest, TokenView } from '@gpup/pf/access';
import { Refusal } from '@gpup/pf/refusal';

interface Kept {
  readonly view: TokenView;
  /** The newest first. */
  readonly secrets: readonly string[];
}

/** Tokens that are nothing but their secrets. A grace never ends by itself here. */
export class MemoryTokens {
  readonly #tokens = new Map<string, Kept>();
  #count = 0;
  #secretCount = 0;

  list(): readonly TokenView[] {
    return [...this.#tokens.values()].map(({ view }) => view);
  }

  create(request: TokenRequest): IssuedToken {
    const { role, tenant = null, name = null } = request;
    if ((role === 'tenant') !== (tenant !== null)) throw new Refusal('bad-field', `Tenant (${tenant}) does not go with the role (${role}).`, 'tenant');
    const id = `${'a'.repeat(9)}${'abcdefghijklmnopqrstuvwxyz234567'[this.#count++]}`;
    return this.#keep({ id, name, role, tenant, createdMs: 1_700_000_000_000, usedMs: null, olderSecrets: [] }, []);
  }

  rotate(id: string, { graceMs = 1000 }: RotationRequest): IssuedToken {
    const { view, secrets } = this.#known(id);
    return this.#keep({ ...view, olderSecrets: graceMs === 0 ? [] : [{ leftMs: graceMs, usedMs: null }] }, graceMs === 0 ? [] : secrets);
  }

  revoke(id: string): void {
    this.#known(id);
    this.#tokens.delete(id);
  }

  callerOf(secret: string): Caller | undefined {
    const found = [...this.#tokens.values()].find(({ secrets }) => secrets.includes(secret));
    if (found === undefined) return undefined;
    const { id, role, tenant } = found.view;
    return { role, tenant, token: id, isCurrent: () => this.#tokens.get(id)?.secrets.includes(secret) ?? false };
  }

  #keep(view: TokenView, older: readonly string[]): IssuedToken {
    const secret = `secret-${view.id}-${++this.#secretCount}-of-32-letters-or-more`;
    this.#tokens.set(view.id, { view, secrets: [secret, ...older] });
    return { token: view, secret };
  }

  #known(id: string): Kept {
    const kept = this.#tokens.get(id);
    if (kept === undefined) throw new Refusal('unknown-token', `Token (${id}) is not there.`);
    return kept;
  }
}
