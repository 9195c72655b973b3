import { equal } from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import type { ApiError } from './api-error.ts';
import { CallerRates } from './caller-rates.ts';
import { Callers } from './callers.ts';
import { TcpGate } from './gate.ts';
import { API_LIMITS } from './limits.ts';
import { Strangers } from './strangers.ts';
import { MemoryAccess } from './testing/memory-access.ts';
import { MemoryActions } from './testing/memory-actions.ts';

/** Codes of the refusals of requests without a token, one after the other, from these addresses. */
function refusals(addresses: readonly string[]): readonly string[] {
  const rates = new CallerRates({ ...API_LIMITS, requestBurstMax: 1 }, () => 0);
  const callers = new Callers(undefined, new MemoryAccess(new MemoryActions()));
  const gate = new TcpGate({ rates, callers, strangers: new Strangers(1), hostNames: [] });
  return addresses.map((remoteAddress) => {
    try {
      gate.admit({ headers: { host: 'localhost' }, socket: { remoteAddress }, url: '/', method: 'GET' } as unknown as IncomingMessage);
      return 'admitted';
    } catch (error) {
      return (error as ApiError).code;
    }
  });
}

for (const [one, other, isSame] of [
  ['2001:db8:1:2::1', '2001:db8:1:2:a:b:c:d', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['192.0.2.1', '::ffff:192.0.2.1', true],
  ['192.0.2.1', '192.0.2.2', false],
] as const) {
  test(`without a token ${one} and ${other} ${isSame ? 'share' : 'do not share'} a rate`, () => {
    equal(refusals([one, other]).join(), isSame ? 'unauthorized,rate-limited' : 'unauthorized,unauthorized');
  });
}
