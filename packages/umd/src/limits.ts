/**
 * GPUSupportedLimits: only the limits that the pinned IDL names and the host reports exist, as
 * enumerable attributes of the prototype.
 */
import { LIMIT_NAMES } from '@gpup/wire/numbers';
import * as W from './webidl.ts';

export type LimitValues = Readonly<Record<string, number>>;

/** Where the class shares its secret: it must not name itself, as a bundler would then rename it. */
let limitOf: (limits: GPUSupportedLimits, name: string) => number | undefined;

export class GPUSupportedLimits {
  readonly #values: LimitValues;
  static {
    limitOf = (limits, name) => limits.#values[name];
  }

  constructor(token: unknown = undefined, values: unknown = undefined) {
    W.checkToken(token);
    this.#values = values as LimitValues;
  }
}

for (const name of LIMIT_NAMES) {
  const get = {
    [`get ${name}`](this: GPUSupportedLimits): number | undefined {
      return limitOf(this, name);
    },
  }[`get ${name}`] as () => number;
  Object.defineProperty(GPUSupportedLimits.prototype, name, { get, enumerable: true, configurable: true });
}
W.finishInterface(GPUSupportedLimits, 'GPUSupportedLimits');

export function makeLimits(values: LimitValues): GPUSupportedLimits {
  return new GPUSupportedLimits(W.TOKEN, values);
}

/** Whether `value` asks for more than `supported` gives: alignments are better when smaller. */
export function isBetter(name: string, value: number, supported: number): boolean {
  return name.startsWith('min') ? value < supported : value > supported;
}
