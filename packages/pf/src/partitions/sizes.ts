import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';

/** Part of an adapter, exactly: 1/6 has no binary fraction. */
export interface Fraction {
  readonly numerator: number;
  readonly denominator: number;
}

/**
 * Names of cloud sizes and their part of one GPU. What they take here is that part of the adapter, whatever its size.
 * Azure's NVads A10 v5 (NVIDIA A10), NVv4 (AMD MI25) and NVads V710 v5 (AMD V710) series.
 */
const CLOUD_SIZES: Readonly<Record<string, Fraction>> = {
  'NV6ads-A10-v5': { numerator: 1, denominator: 6 },
  'NV12ads-A10-v5': { numerator: 1, denominator: 3 },
  'NV18ads-A10-v5': { numerator: 1, denominator: 2 },
  'NV36ads-A10-v5': { numerator: 1, denominator: 1 },
  'NV36adms-A10-v5': { numerator: 1, denominator: 1 },
  'NV72ads-A10-v5': { numerator: 2, denominator: 1 },
  'NV4as-v4': { numerator: 1, denominator: 8 },
  'NV8as-v4': { numerator: 1, denominator: 4 },
  'NV16as-v4': { numerator: 1, denominator: 2 },
  'NV32as-v4': { numerator: 1, denominator: 1 },
  'NV4ads-V710-v5': { numerator: 1, denominator: 6 },
  'NV8ads-V710-v5': { numerator: 1, denominator: 3 },
  'NV12ads-V710-v5': { numerator: 1, denominator: 2 },
  'NV24ads-V710-v5': { numerator: 1, denominator: 1 },
  'NV28adms-V710-v5': { numerator: 1, denominator: 1 },
};

export const CLOUD_SIZE_NAMES: readonly string[] = Object.keys(CLOUD_SIZES);

const FRACTION = /^([1-9][0-9]{0,3})(?:\/([1-9][0-9]{0,3}))?$/;

/** `1/8`, `1` or a cloud size's name. */
export function decodeSize(text: string, field: string): Fraction {
  const fraction = Object.hasOwn(CLOUD_SIZES, text) ? CLOUD_SIZES[text] : parseFraction(text);
  if (fraction === undefined || fraction.denominator > PF_LIMITS.sizeDenominatorMax) {
    throw new Refusal(
      'unknown-size',
      `The size (${text.slice(0, 100)}) is neither a fraction from 1/${PF_LIMITS.sizeDenominatorMax} to 1 nor one of ${CLOUD_SIZE_NAMES.join(', ')}.`,
      field,
    );
  }
  if (fraction.numerator > fraction.denominator) {
    throw new Refusal(
      'needs-linked-adapters',
      `The size (${text}) is ${fraction.numerator}/${fraction.denominator} of an adapter; more than one whole adapter (1) needs linked adapters, which this host does not have.`,
      field,
    );
  }
  return fraction;
}

/** Rounded down, so that fractions that add up to 1 fit together, always. Exact: the product stays below 2^53. */
export function fractionOf(total: number, { numerator, denominator }: Fraction): number {
  return Math.floor((total * numerator) / denominator);
}

function parseFraction(text: string): Fraction | undefined {
  const [, numerator, denominator = '1'] = FRACTION.exec(text) ?? [];
  return numerator === undefined ? undefined : { numerator: Number(numerator), denominator: Number(denominator) };
}
