import { GuestFault } from '@gpup/base';
import type { HostMemory } from '@gpup/vidmm';
import { SCOPE_BYTES } from './host-cost.ts';
import type { VfLimits } from './limits.ts';

/** What a scope caught, or null. The filter says which class of error it is. */
export type ScopeResult = { readonly filter: GPUErrorFilter; readonly message: string } | null;

const FILTERS: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];

interface Scope {
  readonly filter: GPUErrorFilter;
  /** Results of earlier parts of the scope, in order; the part that is open now comes after them. */
  readonly segments: Promise<GPUError | null>[];
  /**
   * An error of our own that came after `segments`. Nothing later can be the scope's first error, so
   * the parts that follow are popped without being kept.
   */
  own: string | null;
}

/** What the scopes of all devices of a context hold: a limit for each device would be worth nothing. */
export class ScopeAccount {
  readonly #hostMemory: HostMemory;
  #scopeCount = 0;
  #segmentCount = 0;

  constructor(hostMemory: HostMemory) {
    this.#hostMemory = hostMemory;
  }

  get scopeCount(): number {
    return this.#scopeCount;
  }

  get segmentCount(): number {
    return this.#segmentCount;
  }

  addScope(): void {
    this.#hostMemory.charge(SCOPE_BYTES);
    this.#scopeCount++;
  }

  addSegment(): void {
    this.#hostMemory.charge(SCOPE_BYTES);
    this.#segmentCount++;
  }

  remove(scope: { readonly segmentCount: number }): void {
    this.#hostMemory.release((1 + scope.segmentCount) * SCOPE_BYTES);
    this.#scopeCount--;
    this.#segmentCount -= scope.segmentCount;
  }
}

export interface ErrorScopesOptions {
  readonly native: Pick<GPUDevice, 'pushErrorScope' | 'popErrorScope'>;
  readonly limits: VfLimits;
  readonly account: ScopeAccount;
  readonly uncaptured: (filter: GPUErrorFilter, message: string) => void;
}

/**
 * The error scopes of one device: a stack that mirrors the implementation's own, so that an error
 * which only we know of lands in the scope where the implementation would have put it.
 *
 * Invariant: the implementation's stack holds one scope for each of ours, with the same filter.
 *
 * To put an error of ours between two of the implementation's, the scopes from the top down to the
 * one that catches it are popped (what they caught is kept as a segment) and pushed again.
 */
export class ErrorScopes {
  readonly #native: Pick<GPUDevice, 'pushErrorScope' | 'popErrorScope'>;
  readonly #limits: VfLimits;
  readonly #account: ScopeAccount;
  readonly #uncaptured: (filter: GPUErrorFilter, message: string) => void;
  readonly #stack: Scope[] = [];
  #isLost = false;

  constructor(options: ErrorScopesOptions) {
    this.#native = options.native;
    this.#limits = options.limits;
    this.#account = options.account;
    this.#uncaptured = options.uncaptured;
  }

  /** A lost device reports no errors: https://gpuweb.github.io/gpuweb/#abstract-opdef-dispatch-error */
  lose(): void {
    this.#isLost = true;
    for (const scope of this.#stack) this.#settle(scope);
    this.#stack.length = 0;
  }

  #settle(scope: Scope): void {
    this.#account.remove({ segmentCount: scope.segments.length });
  }

  get filters(): readonly GPUErrorFilter[] {
    return this.#stack.map((scope) => scope.filter);
  }

  push(filter: GPUErrorFilter): void {
    // The implementation pops nothing of a lost device, so nothing may be pushed there either.
    if (this.#isLost) return;
    if (this.#account.scopeCount >= this.#limits.errorScopeDepthMax) {
      throw new GuestFault('error-scope-depth', `The context has ${this.#account.scopeCount} open error scopes, the limit.`);
    }
    this.#account.addScope();
    this.#stack.push({ filter, segments: [], own: null });
    this.#native.pushErrorScope(filter);
  }

  /** Null where there is no scope to pop. https://gpuweb.github.io/gpuweb/#dom-gpudevice-poperrorscope */
  pop(): Promise<ScopeResult> | null {
    if (this.#isLost) return Promise.resolve(null);
    const scope = this.#stack.pop();
    if (scope === undefined) return null;
    this.#settle(scope);
    const last = this.#popNative();
    if (scope.segments.length === 0 && scope.own === null) return last.then((error) => resultOf(scope, error));
    return ErrorScopes.#firstError(scope, last);
  }

  static async #firstError(scope: Scope, last: Promise<GPUError | null>): Promise<ScopeResult> {
    for (const segment of scope.segments) {
      const error = await segment;
      if (error !== null) return resultOf(scope, error);
    }
    if (scope.own !== null) return { filter: scope.filter, message: scope.own };
    return resultOf(scope, await last);
  }

  /** Reports an error of ours, as of now. */
  raise(filter: GPUErrorFilter, message: string): void {
    if (this.#isLost) return;
    let index = this.#stack.length - 1;
    while (index >= 0 && (this.#stack[index] as Scope).filter !== filter) index--;
    if (index < 0) {
      this.#uncaptured(filter, message);
      return;
    }
    const target = this.#stack[index] as Scope;
    if (target.own !== null) return;
    for (let i = this.#stack.length - 1; i >= index; i--) this.#cut(this.#stack[i] as Scope);
    target.own = message;
    for (let i = index; i < this.#stack.length; i++) this.#native.pushErrorScope((this.#stack[i] as Scope).filter);
  }

  /** Ends the open part of a scope on the implementation's stack. */
  #cut(scope: Scope): void {
    const segment = this.#popNative();
    if (scope.own !== null) return;
    scope.segments.push(segment);
    this.#account.addSegment();
    if (this.#account.segmentCount > this.#limits.errorScopeSegmentCountMax) {
      throw new GuestFault('error-scope-count', `The error scopes of the context have ${this.#account.segmentCount} parts, the limit is ${this.#limits.errorScopeSegmentCountMax}.`);
    }
  }

  /** Runs `action` without its validation errors being reported. */
  swallow<T>(action: () => T): T {
    if (this.#isLost) return action();
    this.#native.pushErrorScope('validation');
    try {
      return action();
    } finally {
      void this.#popNative();
    }
  }

  /** Runs `action`, none of whose errors reaches the guest. Resolves to whether there were none. */
  probe(action: () => void): Promise<boolean> {
    if (this.#isLost) return Promise.resolve(false);
    for (const filter of FILTERS) this.#native.pushErrorScope(filter);
    let results: Promise<GPUError | null>[] = [];
    try {
      action();
    } finally {
      results = FILTERS.map(() => this.#popNative());
    }
    return Promise.all(results).then((errors) => errors.every((error) => error === null));
  }

  /** The implementation rejects only where the device is lost or the stack is empty, and ours is not. */
  #popNative(): Promise<GPUError | null> {
    return this.#native.popErrorScope().catch(() => null);
  }
}

/** The class of an error is that of the scope that caught it. */
function resultOf(scope: Scope, error: GPUError | null): ScopeResult {
  return error === null ? null : { filter: scope.filter, message: error.message };
}
