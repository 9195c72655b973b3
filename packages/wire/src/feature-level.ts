/**
 * Feature levels: what two ends may expect of each other beyond WebGPU itself. Each is named after the WDDM
 * generation whose contract it imitates (2.4 is written 24), and has everything of the levels below.
 *
 * The guest names its own level in its greeting, the host answers with the lower of the two. A level between
 * two that are known counts as the lower one, so that either end may be newer.
 */
export const FEATURE_LEVELS = {
  /** Partitions with budgets, each context isolated from the others. The least that there is. */
  partitions: 24,
  /** Escapes: typed, registered, limited in size, each closed unless its partition opens it. */
  escapes: 29,
  /** Live migration, dirty tracking, linked adapters. No release offers it yet. */
  migration: 32,
} as const;

export type FeatureLevelName = keyof typeof FEATURE_LEVELS;

/** What this release offers. */
export const FEATURE_LEVEL: number = FEATURE_LEVELS.escapes;
export const FEATURE_LEVEL_MIN: number = FEATURE_LEVELS.partitions;

const KNOWN = Object.values(FEATURE_LEVELS).sort((a, b) => a - b);

/** The level at which two ends meet, or null where one of them is below the least there is. */
export function negotiateFeatureLevel(guest: number, host: number): number | null {
  const lower = Math.min(guest, host);
  return KNOWN.filter((level) => level <= lower).at(-1) ?? null;
}

/** 29 -> `2.9`. */
export function formatFeatureLevel(level: number): string {
  return `${Math.floor(level / 10)}.${level % 10}`;
}
