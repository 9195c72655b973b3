/** Tokens of tenants are made, rotated and revoked; what has them need not be there for that. */
import type { Host } from '@gpup/api/client';
import { pick } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';

const TENANTS = ['acme', 'globex', 'initech'] as const;
const DEEDS = ['create', 'rotate', 'revoke'] as const;
/** Of all tenants: where there are more, one is revoked instead. */
const TOKENS_MAX = 12;

export interface TokenDeed {
  readonly deed: (typeof DEEDS)[number];
  readonly tenant: (typeof TENANTS)[number];
  /** Which of those that are there. */
  readonly which: number;
}

export const TOKENS: StepKind<TokenDeed> = {
  name: 'tokens',
  weight: { calm: 3, rough: 3 },
  choose: (_world, random) => ({ deed: pick(random, DEEDS), tenant: pick(random, TENANTS), which: random.word() }),
  foresee() {},
  async perform(scene, deed) {
    const answer = await scene.ask((host) => act(host, deed));
    scene.findings.count(`tokens.${answer.kind === 'refused' ? answer.code : answer.kind}`);
    if (answer.kind === 'refused') scene.findings.violate('operations', `A token is not changed (${deed.deed}): ${answer.code}: ${answer.message}`);
    if (answer.kind === 'done' && answer.value !== null) scene.findings.violate('operations', answer.value);
  },
};

/** What is wrong afterwards, or null. */
async function act(host: Host, { deed, tenant, which }: TokenDeed): Promise<string | null> {
  const before = await host.tokens();
  const chosen = before[which % Math.max(before.length, 1)];
  if (chosen === undefined || (deed === 'create' && before.length < TOKENS_MAX)) {
    const { token } = await host.createToken({ role: 'tenant', tenant });
    return (await isListed(host, token.id)) ? null : `The token ${token.id} was made and is not listed.`;
  }
  if (deed === 'rotate') {
    const { token } = await host.rotateToken(chosen.id, { graceMs: 1000 });
    return token.id === chosen.id && (await isListed(host, token.id)) ? null : `The token ${chosen.id} was rotated and is not listed.`;
  }
  await host.revokeToken(chosen.id);
  return (await isListed(host, chosen.id)) ? `The token ${chosen.id} was revoked and is listed.` : null;
}

async function isListed(host: Host, id: string): Promise<boolean> {
  return (await host.tokens()).some((token) => token.id === id);
}

export const TOKEN_STEPS = [stepKind(TOKENS)];
