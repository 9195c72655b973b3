/** An operator changes how partitions share an adapter, while they have it. */
import type { SchedulingPolicy } from '@gpup/pf/actions';
import { pick } from '../plan/draw.ts';
import { type StepKind, stepKind } from '../plan/step-kind.ts';
import { ADAPTERS } from '../scene/place.ts';

const POLICIES = ['best-effort', 'equal-share', 'fixed-share'] as const satisfies readonly SchedulingPolicy[];
const SLICES_MS = [2, 10, 30] as const;

export interface Resharing {
  readonly adapter: string;
  readonly policy: SchedulingPolicy;
  readonly sliceMs: number;
}

export const SCHEDULING: StepKind<Resharing> = {
  name: 'adapter-scheduling',
  weight: { calm: 5, rough: 4 },
  choose: (_world, random) => ({ adapter: pick(random, ADAPTERS), policy: pick(random, POLICIES), sliceMs: pick(random, SLICES_MS) }),
  foresee() {},
  async perform(scene, { adapter, policy, sliceMs }) {
    const answer = await scene.ask((host) => host.setAdapterScheduling(adapter, { policy, sliceMs }));
    scene.findings.count(`operations.${answer.kind === 'refused' ? answer.code : answer.kind}`);
    if (answer.kind === 'refused') scene.findings.violate('operations', `The scheduling of ${adapter} is not changed: ${answer.code}: ${answer.message}`);
    if (answer.kind !== 'done') return;
    const { scheduling } = answer.value;
    if (scheduling.policy !== policy || scheduling.sliceMs !== sliceMs) {
      scene.findings.violate('operations', `The scheduling of ${adapter} is ${scheduling.policy} of ${scheduling.sliceMs} ms, not ${policy} of ${sliceMs} ms as it was set.`);
    }
  },
};

export const SCHEDULING_STEPS = [stepKind(SCHEDULING)];
