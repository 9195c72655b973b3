import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import { HostMemory, OwnBudget } from '@gpup/vidmm';
import { ErrorScopes, ScopeAccount, type ScopeResult } from './error-scopes.ts';
import { VF_LIMITS } from './limits.ts';

/**
 * Our errors and the implementation's, in one order, against the simplest model of the specification:
 * one stack, the innermost scope with the filter keeps its first error.
 */

interface ModelScope {
  readonly filter: GPUErrorFilter;
  message: string | null;
}

class Model {
  readonly stack: ModelScope[] = [];
  readonly uncaptured: string[] = [];

  raise(filter: GPUErrorFilter, message: string): void {
    const scope = this.stack.findLast((each) => each.filter === filter);
    if (scope === undefined) this.uncaptured.push(message);
    else scope.message ??= message;
  }
}

/** The stack of an implementation, whose errors come through `raise`. */
class Native extends Model {
  pushErrorScope(filter: GPUErrorFilter): undefined {
    this.stack.push({ filter, message: null });
  }

  async popErrorScope(): Promise<GPUError | null> {
    const scope = this.stack.pop();
    if (scope === undefined) throw new Error('The stack is empty.');
    return scope.message === null ? null : ({ message: scope.message } as GPUError);
  }
}

function setUp() {
  const native = new Native();
  const uncaptured: string[] = [];
  const hostMemory = new HostMemory(new OwnBudget(undefined));
  const account = new ScopeAccount(hostMemory);
  const scopes = new ErrorScopes({ native, account, limits: VF_LIMITS, uncaptured: (_filter, message) => uncaptured.push(message) });
  return { native, scopes, account, uncaptured, hostMemory };
}

const FILTERS: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];
const REGRESSION_SEEDS = [1, 7, 2026];

for (const seed of [...REGRESSION_SEEDS, Date.now() % 1_000_000]) {
  test(`scopes agree with the model under random operations, seed ${seed}`, async () => {
    let state = seed || 1;
    const random = (below: number): number => {
      state = (state * 48271) % 0x7fffffff;
      return state % below;
    };
    for (let round = 0; round < 200; round++) {
      const model = new Model();
      const { native, scopes, account, uncaptured, hostMemory } = setUp();
      const expected: (string | null)[] = [];
      const actual: Promise<ScopeResult>[] = [];
      for (let step = 0; step < 60; step++) {
        const filter = FILTERS[random(3)] as GPUErrorFilter;
        const choice = random(10);
        if (choice < 3) {
          model.stack.push({ filter, message: null });
          scopes.push(filter);
        } else if (choice < 6) {
          model.raise(filter, `ours ${step}`);
          scopes.raise(filter, `ours ${step}`);
        } else if (choice < 8) {
          model.raise(filter, `native ${step}`);
          native.raise(filter, `native ${step}`);
        } else if (choice === 8) {
          scopes.swallow(() => native.raise('validation', `swallowed ${step}`));
        } else {
          const scope = model.stack.pop();
          const result = scopes.pop();
          equal(result === null, scope === undefined);
          if (scope !== undefined && result !== null) {
            expected.push(scope.message);
            actual.push(result);
          }
        }
        deepEqual(native.stack.map((scope) => scope.filter), scopes.filters, 'the stacks mirror each other');
      }
      deepEqual((await Promise.all(actual)).map((result) => result?.message ?? null), expected);
      deepEqual([...uncaptured, ...native.uncaptured].sort(), model.uncaptured.sort());
      while (scopes.pop() !== null);
      deepEqual([account.scopeCount, account.segmentCount, hostMemory.usedBytes], [0, 0, 0], 'nothing stays in the account');
    }
  });
}

test('a scope that has an error of ours is not divided any more', () => {
  const { scopes, account } = setUp();
  scopes.push('validation');
  for (let i = 0; i < 100; i++) scopes.raise('validation', 'again');
  equal(account.segmentCount, 1);
});

test('a lost device has no errors and nothing in the account', async () => {
  const { native, scopes, account, uncaptured, hostMemory } = setUp();
  scopes.push('validation');
  scopes.push('internal');
  scopes.raise('validation', 'before');
  scopes.lose();
  scopes.raise('validation', 'after');
  scopes.raise('out-of-memory', 'after');
  scopes.push('validation');
  equal(await scopes.pop(), null);
  deepEqual(uncaptured, []);
  deepEqual([account.scopeCount, account.segmentCount, hostMemory.usedBytes], [0, 0, 0]);
  deepEqual(native.uncaptured, []);
});
