export { type Confinement, confine } from './confine.ts';
export { CALL_NAMES, type CallName } from './call-numbers.ts';
export { type CallRule, type VfKind, callRules } from './call-rules.ts';
export { forgoIoUring, hasIoUring } from './io-uring.ts';
export { landlockVersion } from './landlock.ts';
export { type VfLimits, limitFileBytes, limitOpenFiles } from './resource-limits.ts';
