/** What isolates a VF process, by name: for reports, configuration and views. Loads nothing. */

/** What a VF takes from itself, before it has a guest. */
export const VF_MEASURES = ['no-new-privileges', 'capabilities', 'files', 'system-calls', 'io-uring', 'resource-limits'] as const;
/** What its host puts around it. */
export const HOST_MEASURES = ['memory-limit', 'processor-limit', 'process-limit'] as const;

export type Measure = (typeof VF_MEASURES)[number] | (typeof HOST_MEASURES)[number];
export const MEASURES: readonly Measure[] = [...VF_MEASURES, ...HOST_MEASURES];

export const ISOLATION_MODES = ['require', 'prefer', 'off'] as const;
/** require: no guest without all of it. prefer: what the machine offers, with one warning of what it lacks. off: nothing, for those who look inside. */
export type IsolationMode = (typeof ISOLATION_MODES)[number];

export interface MeasureState {
  readonly measure: Measure;
  readonly isInForce: boolean;
  /** How, or why not. */
  readonly detail: string;
}

export function inForce(measure: Measure, detail: string): MeasureState {
  return { measure, isInForce: true, detail };
}

export function missing(measure: Measure, detail: string): MeasureState {
  return { measure, isInForce: false, detail };
}

/** What is not in force, as a sentence's list: "files (…), memory-limit (…)". Empty: all is. */
export function missingText(states: readonly MeasureState[]): string {
  return states
    .filter(({ isInForce }) => !isInForce)
    .map(({ measure, detail }) => `${measure} (${detail})`)
    .join(', ');
}

const DETAIL_CHARACTERS_MAX = 300;

/** Of a list that another process has written; undefined: it is none. */
export function decodeMeasureStates(value: unknown): readonly MeasureState[] | undefined {
  if (!Array.isArray(value) || value.length > MEASURES.length) return undefined;
  const states = value.map(decodeState);
  return states.every((state) => state !== undefined) ? states : undefined;
}

function decodeState(value: unknown): MeasureState | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { measure, isInForce, detail } = value as Record<string, unknown>;
  const known = MEASURES.find((name) => name === measure);
  if (known === undefined || typeof isInForce !== 'boolean' || typeof detail !== 'string') return undefined;
  return { measure: known, isInForce, detail: detail.slice(0, DETAIL_CHARACTERS_MAX) };
}
