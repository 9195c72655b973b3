/**
 * GPUSupportedLimits: only the limits that the pinned IDL names and the host reports exist, as
 * enumerable attributes of the prototype.
 */
import { LIMIT_NAMES } from '@gpup/wire/numbers';
import * as W from './webidl.ts';

export type LimitValues = Readonly<Record<string, number>>;

export class GPUSupportedLimits {
  readonly #values: LimitValues;
  // Not by its own name, which a bundler would change.
  static {
    for (const name of LIMIT_NAMES) {
      const get = {
        [`get ${name}`](this: GPUSupportedLimits): number | undefined {
          return this.#values[name];
        },
      }[`get ${name}`] as () => number;
      Object.defineProperty(this.prototype, name, { get, enumerable: true, configurable: true });
    }
  }

  constructor(token: unknown = undefined, values: unknown = undefined) {
    W.checkToken(token);
    this.#values = values as LimitValues;
  }
}
W.finishInterface(GPUSupportedLimits, 'GPUSupportedLimits');

export function makeLimits(values: LimitValues): GPUSupportedLimits {
  return new GPUSupportedLimits(W.TOKEN, values);
}

/** Whether `value` asks for more than `supported` gives: alignments are better when smaller. */
export function isBetter(name: string, value: number, supported: number): boolean {
  return name.startsWith('min') ? value < supported : value > supported;
}
