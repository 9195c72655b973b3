import { deepEqual, equal, match, notEqual, ok, throws } from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { Random, seeds } from '@gpup/base/testing';
import { PF_LIMITS } from '@gpup/pf';
import { TokenStore } from './token-store.ts';
import { type SavedTokens, loadTokens, saveTokens } from './tokens-file.ts';

const HOUR = 3_600_000;
const START_MS = 1_800_000_000_000;

/** A store whose clocks a test moves, and the stores of hosts that come after it. */
class Scene {
  wallMs = START_MS;
  uptimeMs = 5_000;
  saved: SavedTokens | null = null;
  saveCount = 0;
  isFull = false;
  store = this.#open();

  #open(): TokenStore {
    return new TokenStore({
      saved: this.saved,
      save: (tokens) => {
        if (this.isFull) throw new Error('No space.');
        this.saveCount += 1;
        this.saved = structuredClone(tokens);
      },
      nowMs: () => this.wallMs,
      uptimeMs: () => this.uptimeMs,
    });
  }

  pass(ms: number): void {
    this.wallMs += ms;
    this.uptimeMs += ms;
  }

  /** The next host may find that its even clock has begun anew. */
  restart(): void {
    this.uptimeMs = 0;
    this.store = this.#open();
  }

  isTaken(secret: string): boolean {
    return this.store.callerOf(secret) !== undefined;
  }
}

const acme = { role: 'tenant', tenant: 'acme' } as const;

test('a token is taken for what it is, and nothing that is nearly it', () => {
  const { store } = new Scene();
  const { token, secret } = store.create({ ...acme, name: 'ci' });
  const { isCurrent, ...caller } = store.callerOf(secret) ?? { isCurrent: () => false };
  deepEqual([caller, isCurrent()], [{ role: 'tenant', tenant: 'acme', token: token.id }, true]);
  deepEqual([token.name, token.role, token.tenant, token.createdMs, token.olderSecrets], ['ci', 'tenant', 'acme', START_MS, []]);
  match(secret, new RegExp(`^gpup_${token.id}_[A-Za-z0-9_-]{43}$`));
  const last = secret.at(-1) === 'A' ? 'B' : 'A';
  for (const wrong of ['', 'gpup_', secret.slice(0, -1), `${secret.slice(0, -1)}${last}`, `${secret}A`, ` ${secret}`, secret.toUpperCase(), secret.replace(token.id, 'a'.repeat(10)), token.id, 'x'.repeat(8000)]) {
    equal(store.callerOf(wrong), undefined, wrong);
  }
});

test('no two secrets are alike, and each opens its own token', () => {
  const { store } = new Scene();
  const issued = Array.from({ length: 50 }, (_, index) => store.create({ role: 'tenant', tenant: `t${index}` }));
  equal(new Set(issued.map(({ secret }) => secret)).size, 50);
  for (const [index, { secret }] of issued.entries()) equal(store.callerOf(secret)?.tenant, `t${index}`);
});

test('what is kept and what is listed holds no secret', () => {
  const scene = new Scene();
  const { secret, token } = scene.store.create(acme);
  const rotated = scene.store.rotate(token.id, {});
  const random = [secret, rotated.secret].map((text) => text.split('_').slice(2).join('_'));
  for (const part of random) ok(!JSON.stringify([scene.saved, scene.store.list()]).includes(part));
});

for (const [what, request, field] of [
  ['no role', {}, 'role'],
  ['a role that is none', { role: 'root' }, 'role'],
  ['a tenant without its name', { role: 'tenant' }, 'tenant'],
  ['an operator of a tenant', { role: 'operator', tenant: 'acme' }, 'tenant'],
  ['a name that is none', { role: 'tenant', tenant: 'Acme' }, 'tenant'],
  ['a name that is too long', { role: 'tenant', tenant: 'a'.repeat(PF_LIMITS.partitionNameLengthMax + 1) }, 'tenant'],
  ['a use that is a secret', { ...acme, name: 'gpup_aaaaaaaaaa_x' }, 'name'],
] as const) {
  test(`${what} is refused`, () => throws(() => new Scene().store.create(request as never), { name: 'Refusal', code: 'bad-field', field }));
}

test('as many tokens as there may be, and no more', () => {
  const { store } = new Scene();
  for (let count = 0; count < PF_LIMITS.tokensMax; count++) store.create({ role: 'operator' });
  throws(() => store.create({ role: 'operator' }), { code: 'tokens-exhausted', message: /has 1024 tokens, as many as it may have \(1024\)/ });
  store.revoke(store.list()[0]?.id as string);
  store.create({ role: 'operator' });
});

describe('a rotation', () => {
  test('takes the older secret to the end of its grace, and not beyond', () => {
    const scene = new Scene();
    const { secret, token: { id } } = scene.store.create(acme);
    const { secret: newer } = scene.store.rotate(id, { graceMs: HOUR });
    notEqual(newer, secret);
    const caller = scene.store.callerOf(secret);
    scene.pass(HOUR - 1);
    deepEqual([scene.isTaken(secret), scene.isTaken(newer), caller?.isCurrent()], [true, true, true]);
    deepEqual(scene.store.list()[0]?.olderSecrets, [{ leftMs: 1, usedMs: scene.wallMs }]);
    scene.pass(1);
    deepEqual([scene.isTaken(secret), scene.isTaken(newer), caller?.isCurrent()], [false, true, false]);
    deepEqual(scene.store.list()[0]?.olderSecrets, []);
  });

  test('without a grace ends all older secrets at once', () => {
    const scene = new Scene();
    const { secret, token: { id } } = scene.store.create(acme);
    const second = scene.store.rotate(id, { graceMs: HOUR });
    const third = scene.store.rotate(id, { graceMs: 0 });
    deepEqual([secret, second.secret, third.secret].map((each) => scene.isTaken(each)), [false, false, true]);
  });

  test('never gives an older secret more time than it has, and may give it less', () => {
    const scene = new Scene();
    const { secret, token: { id } } = scene.store.create(acme);
    const second = scene.store.rotate(id, { graceMs: HOUR });
    scene.store.rotate(id, { graceMs: 10 * HOUR });
    scene.pass(HOUR);
    deepEqual([scene.isTaken(secret), scene.isTaken(second.secret)], [false, true]);
    scene.store.rotate(id, { graceMs: 5 });
    scene.pass(5);
    equal(scene.isTaken(second.secret), false);
  });

  test('is refused while too many secrets are taken, and a grace of 0 helps', () => {
    const scene = new Scene();
    const { token: { id } } = scene.store.create(acme);
    for (let count = 1; count < PF_LIMITS.tokenSecretsMax; count++) scene.store.rotate(id, { graceMs: HOUR });
    throws(() => scene.store.rotate(id, { graceMs: HOUR }), { code: 'secrets-exhausted', message: /has 4 secrets .* \(4\)/ });
    const { secret } = scene.store.rotate(id, { graceMs: 0 });
    ok(scene.isTaken(secret));
  });

  for (const [graceMs, isRight] of [[-1, false], [0, true], [PF_LIMITS.tokenGraceMsMax, true], [PF_LIMITS.tokenGraceMsMax + 1, false], [1.5, false]] as const) {
    test(`a grace of ${graceMs} ms is ${isRight ? 'right' : 'refused'}`, () => {
      const { store } = new Scene();
      const { token: { id } } = store.create(acme);
      if (isRight) store.rotate(id, { graceMs });
      else throws(() => store.rotate(id, { graceMs }), { code: 'bad-field', field: 'graceMs' });
    });
  }

  test('of no token is refused, as its revocation', () => {
    const { store } = new Scene();
    throws(() => store.rotate('zzzzzzzzzz', {}), { code: 'unknown-token' });
    throws(() => store.revoke('zzzzzzzzzz'), { code: 'unknown-token' });
  });
});

describe('a clock on the wall that is set', () => {
  for (const [what, byMs] of [['back by a year', -365 * 24 * HOUR], ['forth by a year', 365 * 24 * HOUR]] as const) {
    test(`${what} neither ends a grace nor prolongs it while the host runs`, () => {
      const scene = new Scene();
      const { secret, token: { id } } = scene.store.create(acme);
      scene.store.rotate(id, { graceMs: HOUR });
      scene.wallMs += byMs;
      scene.pass(HOUR - 1);
      equal(scene.isTaken(secret), true);
      scene.pass(1);
      equal(scene.isTaken(secret), false);
    });
  }

  test('back over a restart prolongs a grace by no more than the time without a host, and what was not saved', () => {
    const scene = new Scene();
    const { secret, token: { id } } = scene.store.create(acme);
    scene.store.rotate(id, { graceMs: HOUR });
    // A minute at a time, as the daemon keeps it.
    for (let minutes = 0; minutes < 59; minutes++) {
      scene.pass(60_000);
      scene.store.keepTime();
    }
    scene.wallMs -= 10 * HOUR;
    scene.restart();
    equal(scene.isTaken(secret), true);
    scene.pass(60_000);
    equal(scene.isTaken(secret), false);
  });

  test('forth over a restart ends a grace early', () => {
    const scene = new Scene();
    const { secret, token: { id } } = scene.store.create(acme);
    const { secret: newer } = scene.store.rotate(id, { graceMs: HOUR });
    scene.wallMs += HOUR;
    scene.restart();
    deepEqual([scene.isTaken(secret), scene.isTaken(newer)], [false, true]);
  });

  test('is not looked at where no grace is running: nothing is written', () => {
    const scene = new Scene();
    scene.store.create(acme);
    const { saveCount } = scene;
    scene.pass(HOUR);
    scene.store.keepTime();
    equal(scene.saveCount, saveCount);
  });
});

test('a restart keeps tokens, graces and revocations', () => {
  const scene = new Scene();
  const kept = scene.store.create(acme);
  const gone = scene.store.create({ role: 'operator', name: 'old' });
  scene.store.rotate(kept.token.id, { graceMs: HOUR });
  scene.store.revoke(gone.token.id);
  scene.wallMs += HOUR / 2;
  scene.restart();
  deepEqual([scene.isTaken(kept.secret), scene.isTaken(gone.secret)], [true, false]);
  scene.pass(HOUR / 2);
  equal(scene.isTaken(kept.secret), false);
});

test('what cannot be saved does not hold', () => {
  const scene = new Scene();
  const { secret, token: { id } } = scene.store.create(acme);
  scene.isFull = true;
  throws(() => scene.store.create(acme), /No space/);
  throws(() => scene.store.rotate(id, { graceMs: 0 }), /No space/);
  throws(() => scene.store.revoke(id), /No space/);
  deepEqual([scene.store.list().length, scene.isTaken(secret)], [1, true]);
});

// The model: each secret with the moment from which on it is not taken.
for (const seed of seeds(7, 2026)) {
  test(`random operations agree with a list of secrets and their ends, seed ${seed}`, () => {
    const random = new Random(seed);
    const scene = new Scene();
    const ends = new Map<string, { id: string; endMs: number }>();
    const ids = new Set<string>();
    let nowMs = 0;
    const pick = (): string => [...ids][random.below(ids.size)] as string;
    for (let step = 0; step < 400; step++) {
      const choice = random.below(6);
      if (choice === 0 || ids.size === 0) {
        const { token, secret } = scene.store.create(acme);
        ids.add(token.id);
        ends.set(secret, { id: token.id, endMs: Number.POSITIVE_INFINITY });
      } else if (choice <= 2) {
        const id = pick();
        const graceMs = random.below(3) * 50;
        const taken = [...ends].filter(([, end]) => end.id === id && end.endMs > nowMs);
        if (graceMs > 0 && taken.length >= PF_LIMITS.tokenSecretsMax) throws(() => scene.store.rotate(id, { graceMs }), { code: 'secrets-exhausted' });
        else {
          for (const [secret, { endMs }] of taken) ends.set(secret, { id, endMs: Math.min(endMs, nowMs + graceMs) });
          ends.set(scene.store.rotate(id, { graceMs }).secret, { id, endMs: Number.POSITIVE_INFINITY });
        }
      } else if (choice === 3 && random.below(4) === 0) {
        const id = pick();
        scene.store.revoke(id);
        ids.delete(id);
        for (const [secret, end] of ends) if (end.id === id) ends.set(secret, { id, endMs: 0 });
      } else if (choice === 4) {
        scene.pass(30);
        nowMs += 30;
      } else scene.restart();
      for (const [secret, { endMs }] of ends) equal(scene.isTaken(secret), endMs > nowMs, `step ${step}`);
    }
  });
}

describe('the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'gpup-tokens-'));
  after(() => rmSync(directory, { recursive: true }));
  const path = join(directory, 'tokens.json');

  test('is what was saved, for its owner alone', () => {
    const scene = new Scene();
    const { token: { id } } = scene.store.create({ ...acme, name: 'ci' });
    scene.store.rotate(id, { graceMs: HOUR });
    const saved = scene.saved as SavedTokens;
    equal(loadTokens(path), null);
    saveTokens(path, saved);
    deepEqual(loadTokens(path), saved);
    equal(statSync(path).mode & 0o777, 0o600);
    deepEqual(readdirSync(directory), ['tokens.json']);
  });

  const token = { id: 'a'.repeat(10), name: null, role: 'tenant', tenant: 'acme', createdMs: 1, secrets: [{ hash: '0'.repeat(64), leftMs: null }] };
  for (const [what, text] of [
    ['nothing', ''],
    ['half of it', '{"version": 1, "savedMs"'],
    ['another version', JSON.stringify({ version: 2, savedMs: 1, tokens: [] })],
    ['a field too many', JSON.stringify({ version: 1, savedMs: 1, tokens: [], more: 1 })],
    ["a tenant's token without its tenant", JSON.stringify({ version: 1, savedMs: 1, tokens: [{ ...token, tenant: null }] })],
    ["an operator's with one", JSON.stringify({ version: 1, savedMs: 1, tokens: [{ ...token, role: 'operator' }] })],
    ['a token twice', JSON.stringify({ version: 1, savedMs: 1, tokens: [token, token] })],
    ['a hash that is too short', JSON.stringify({ version: 1, savedMs: 1, tokens: [{ ...token, secrets: [{ hash: '0', leftMs: null }] }] })],
    ['a grace without end', JSON.stringify({ version: 1, savedMs: 1, tokens: [{ ...token, secrets: [{ hash: '0'.repeat(64), leftMs: 1e12 }] }] })],
  ] as const) {
    test(`with ${what} is refused, and kept`, () => {
      writeFileSync(path, text);
      throws(() => loadTokens(path), { code: 'tokens-damaged', message: new RegExp(path) });
      equal(readFileSync(path, 'utf8'), text);
    });
  }
});
