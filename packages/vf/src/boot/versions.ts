import { GPUFeatureNameNumbers } from '@gpup/wire/enums';
import { FEATURE_LEVEL, formatFeatureLevel, PROTOCOL_MAJOR, PROTOCOL_MINOR } from '@gpup/wire';

/** What this release speaks with its guests, as it is written for people. */
export const WIRE_PROTOCOL = `${PROTOCOL_MAJOR}.${PROTOCOL_MINOR}`;
export const WIRE_FEATURE_LEVEL = formatFeatureLevel(FEATURE_LEVEL);

/** Of the pinned IDL. */
export const FEATURE_NAMES: readonly string[] = Object.keys(GPUFeatureNameNumbers);
export { LIMIT_NAMES } from '@gpup/wire/numbers';
