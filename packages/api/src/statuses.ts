/**
 * The HTTP status of each code, the one table of it. Codes are stable: programs switch on them. The first part are the API's
 * own, the second the host's refusals (packages/pf/src/refusal.ts).
 */
export const STATUSES = {
  'bad-request': 400,
  'bad-url': 400,
  'invalid-json': 400,
  'invalid-value': 400,
  'missing-field': 400,
  'unknown-field': 400,
  unauthorized: 401,
  'operator-only': 403,
  'path-not-found': 404,
  'method-not-allowed': 405,
  'request-timeout': 408,
  'body-too-large': 413,
  'url-too-long': 414,
  'unsupported-media-type': 415,
  'host-not-allowed': 421,
  'upgrade-required': 426,
  'rate-limited': 429,
  'headers-too-large': 431,
  internal: 500,
  'listeners-exhausted': 503,

  'bad-field': 400,

  'unknown-adapter': 404,
  'unknown-partition': 404,
  'unknown-context': 404,
  'unknown-token': 404,

  'adapter-busy': 409,
  'adapter-dda': 409,
  'adapter-full': 409,
  'adapter-has-partitions': 409,
  'adapter-owned': 409,
  'compute-exhausted': 409,
  'contexts-in-use': 409,
  'host-memory-in-use': 409,
  'partition-busy': 409,
  'partition-displaced': 409,
  'partition-exists': 409,
  'partition-in-use': 409,
  'secrets-exhausted': 409,
  'timestamps-in-use': 409,
  'tokens-exhausted': 409,
  'tenants-exhausted': 409,
  'vram-exhausted': 409,
  'vram-in-use': 409,

  'above-adapter': 422,
  'capability-order': 422,
  'encode-unsupported': 422,
  'needs-linked-adapters': 422,
  'unknown-escape': 422,
  'unknown-feature': 422,
  'unknown-limit': 422,
  'unknown-size': 422,

  'audit-unavailable': 503,
} as const satisfies Readonly<Record<string, number>>;

export type ApiCode = keyof typeof STATUSES;

/** Of a code that the table lacks: the request was understood, and the host does not do it. */
const REFUSED = 422;

export function statusOf(code: string): number {
  return Object.hasOwn(STATUSES, code) ? STATUSES[code as ApiCode] : REFUSED;
}
