import { deepEqual } from 'node:assert/strict';
import { test } from 'node:test';
import type { Context, Reason } from '@gpup/pf/core';
import { TDR_DEFAULTS } from '@gpup/pf/tdr';
import type { HostCore } from './host-core.ts';
import { TdrWatch } from './tdr-watch.ts';

/** A host on which these contexts of one partition hold the adapter for too long. */
function watchOf(states: readonly ('ready' | 'ended')[]) {
  const ended: string[] = [];
  const events: string[] = [];
  const contexts = states.map((state, index) => {
    const context = { id: index + 1, state, description: { partition: 'a', adapter: 'hardware-0' }, end: ({ code }: Reason) => ended.push(`${index + 1}: ${code}`) };
    return context as unknown as Context;
  });
  const tenancy = { name: 'a', adapter: 'hardware-0', page: null, contexts };
  const core = {
    scheduling: { look: () => contexts.map((context) => ({ context, beyondUs: 3_000_000 })) },
    contexts: [],
    adapters: [],
    partition: () => tenancy,
    slotOf: () => undefined,
    log: { warning: () => {} },
    events: { tell: ({ code }: { code: string }) => events.push(code) },
  } as unknown as HostCore;
  const limits = { hardware: TDR_DEFAULTS.hardware, software: TDR_DEFAULTS.software, limitCount: 5, limitTimeMs: 60_000 };
  return { watch: new TdrWatch({ core, limits, nowMs: () => 0, onBlocked: () => {} }), ended, events };
}

test('a context that holds the adapter for too long is timed out', () => {
  const { watch, ended, events } = watchOf(['ready']);
  watch.look();
  deepEqual([ended, events], [['1: tdr'], ['tdr-turn']]);
});

test('one that is ended already, and whose process is still there, is no timeout of its partition', () => {
  const { watch, ended, events } = watchOf(['ended', 'ended']);
  watch.look();
  deepEqual([ended, events], [[], []]);
});
