/** The values behind a setlike: GPUSupportedFeatures and WGSLLanguageFeatures. */
import type * as I from '../generated/impl.gen.ts';

export class NameSet implements I.GPUSupportedFeaturesImpl, I.WGSLLanguageFeaturesImpl {
  wrapper: object | undefined = undefined;
  readonly values: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.values = new Set(names);
  }

  has(name: string): boolean {
    return this.values.has(name);
  }
}
