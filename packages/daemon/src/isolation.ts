import { Refusal, VF_NODE_OPTIONS_VARIABLE, isOfGoneHost, ownHostName } from '@gpup/pf/core';
import type { IsolationView } from '@gpup/pf/actions';
import type { HostConfig } from '@gpup/pf/host-config';
import { GroupTree } from '@gpup/sandbox/cgroup';
import { type MeasureState, missing, missingText } from '@gpup/sandbox/measures';

export interface Isolation {
  readonly view: IsolationView;
  readonly tree: GroupTree | null;
}

/**
 * What isolates this daemon's VF processes: what the probes have found that these take from themselves, and control groups,
 * which are made here. Throws a Refusal that names what is missing where the configuration requires all of it.
 */
export function isolate({ isolation: mode }: Pick<HostConfig, 'isolation'>, ofVfs: readonly MeasureState[]): Isolation {
  if (mode === 'off') return { view: { mode, measures: [] }, tree: null };
  const tree = GroupTree.open({ name: ownHostName() });
  // Those with VFs in them stay, with their VFs.
  tree.sweepHosts(isOfGoneHost);
  const measures = [...(process.env[VF_NODE_OPTIONS_VARIABLE] ? lookedInto(ofVfs) : ofVfs), ...tree.states];
  const lacking = missingText(measures);
  if (mode === 'require' && lacking !== '') throw new Refusal('not-isolated', `VF processes cannot be isolated as is required; missing: ${lacking}.`);
  return { view: { mode, measures }, tree };
}

function lookedInto(states: readonly MeasureState[]): readonly MeasureState[] {
  return states.map(({ measure }) => missing(measure, `${VF_NODE_OPTIONS_VARIABLE} is set`));
}
