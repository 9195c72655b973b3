import type { AdapterScheduling } from './actions.ts';
import { fieldPath, fieldsOf, wholeNumberOf, wordOf } from './fields.ts';
import { PF_LIMITS } from './limits.ts';

const POLICIES = ['best-effort', 'equal-share', 'fixed-share'] as const;
const FIELDS = ['policy', 'sliceMs'] as const satisfies readonly (keyof AdapterScheduling)[];

export const SCHEDULING_DEFAULT: AdapterScheduling = { policy: 'best-effort', sliceMs: PF_LIMITS.sliceMsDefault };

/** What is not given is as in `base`; without one it has to be given. Unknown JSON in; throws a Refusal that names the field. */
export function decodeScheduling(value: unknown, path: string, base: AdapterScheduling | null): AdapterScheduling {
  const { policy = base?.policy, sliceMs = base?.sliceMs } = fieldsOf(value, path, FIELDS);
  return {
    policy: wordOf(policy, fieldPath(path, 'policy'), POLICIES),
    sliceMs: wholeNumberOf(sliceMs, fieldPath(path, 'sliceMs'), { min: PF_LIMITS.sliceMsMin, max: PF_LIMITS.sliceMsMax, unit: 'ms' }),
  };
}
