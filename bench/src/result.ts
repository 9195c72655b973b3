import { BARS, type Bar } from './bars.ts';
import type { ContestantName } from './contestant.ts';
import type { Alternation, Measured } from './schedule.ts';
import { type Interval, type Pair, ratioOf, summarize } from './statistics.ts';

/** What is known of a workload, as `--json` writes it. Fields of contestants that failed or did not take part are missing. */
export interface Result {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  readonly runs: number;
  /** Medians. */
  readonly native?: number;
  readonly nativeTuned?: number;
  readonly gpup?: number;
  readonly dda?: number;
  readonly chromium?: number;
  /** gpup / native, gpup / tuned, gpup / dda, gpup / chromium: of medians. */
  readonly ratio?: number;
  readonly ratioTuned?: number;
  readonly ratioDda?: number;
  readonly ratioChromium?: number;
  /** 95 % intervals: `interval` is that of `ratioTuned`, or of `ratioDda` where that is compared with; the others are named for what they are of. */
  readonly interval?: Interval;
  readonly intervals: Readonly<Record<string, Interval>>;
  readonly must?: Bar;
  /** Whether the bar is reached, by medians. */
  readonly isMustReached?: boolean;
  readonly isAimReached?: boolean;
  /** Why figures are missing: something went wrong, or the contestant takes no part in this workload. */
  readonly failures: Readonly<Record<string, string>>;
  readonly leftOut: Readonly<Record<string, string>>;
}

export interface WorkloadFace {
  readonly name: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
}

const FIELD_OF = { native: 'native', tuned: 'nativeTuned', gpup: 'gpup', dda: 'dda', chromium: 'chromium' } as const;

export function resultOf({ name, unit, better }: WorkloadFace, { alternations, failures, leftOut }: Measured): Result {
  const medians: Partial<Record<(typeof FIELD_OF)[ContestantName], number>> = {};
  const intervals: Record<string, Interval> = {};
  for (const contestant of Object.keys(FIELD_OF) as ContestantName[]) {
    const values = alternations.flatMap((each) => each.get(contestant) ?? []);
    if (values.length === 0) continue;
    const summary = summarize(values);
    medians[FIELD_OF[contestant]] = summary.median;
    intervals[FIELD_OF[contestant]] = summary.interval;
  }
  const ratios: { ratio?: number; ratioTuned?: number; ratioDda?: number; ratioChromium?: number; interval?: Interval } = {};
  for (const [field, contestant] of [['ratio', 'native'], ['ratioTuned', 'tuned'], ['ratioDda', 'dda'], ['ratioChromium', 'chromium']] as const) {
    const pairs = pairsOf(alternations, contestant);
    // An idle process may use nothing at all, and nothing is compared with that.
    if (pairs.length === 0 || medians[FIELD_OF[contestant]] === 0) continue;
    const { ratio, interval } = ratioOf(pairs);
    ratios[field] = ratio;
    intervals[field] = interval;
    if (contestant === 'tuned' || contestant === 'dda') ratios.interval = interval;
  }
  const result = { name, unit, better, runs: alternations.length, ...medians, ...ratios, intervals, failures: Object.fromEntries(failures), leftOut: Object.fromEntries(leftOut) };
  const bar = BARS[name];
  if (bar === undefined) return result;
  return { ...result, must: bar, ...judgement(result, bar) };
}

function pairsOf(alternations: readonly Alternation[], other: ContestantName): Pair[] {
  return alternations.flatMap((each): Pair[] => {
    const [ours, theirs] = [each.get('gpup'), each.get(other)];
    return ours === undefined || theirs === undefined ? [] : [[ours, theirs]];
  });
}

/** The figure that a bar's must and aim are compared with; undefined if it is not known. */
export function judgedFigure({ native, nativeTuned, dda, gpup, better }: Pick<Result, 'native' | 'nativeTuned' | 'dda' | 'gpup' | 'better'>, bar: Bar): number | undefined {
  if (gpup === undefined) return undefined;
  if (bar.against === 'nothing') return gpup;
  const against = { native, tuned: nativeTuned, dda, better: betterOf(native, nativeTuned, better) }[bar.against];
  return against === undefined || against === 0 ? undefined : gpup / against;
}

function betterOf(a: number | undefined, b: number | undefined, better: 'higher' | 'lower'): number | undefined {
  if (a === undefined || b === undefined) return undefined;
  return better === 'higher' ? Math.max(a, b) : Math.min(a, b);
}

function judgement(result: Pick<Result, 'native' | 'nativeTuned' | 'dda' | 'gpup' | 'ratioChromium' | 'better'>, bar: Bar): { isMustReached?: boolean; isAimReached?: boolean } {
  const figure = judgedFigure(result, bar);
  if (figure === undefined) return {};
  const reaches = (value: number | undefined, wanted: number | undefined): boolean =>
    value === undefined || wanted === undefined || (result.better === 'higher' ? value >= wanted : value <= wanted);
  const isMustReached = reaches(figure, bar.must) && reaches(result.ratioChromium, bar.chromium?.must);
  return { isMustReached, isAimReached: isMustReached && reaches(figure, bar.aim) && reaches(result.ratioChromium, bar.chromium?.aim) };
}
