import { closeSync, readFileSync } from 'node:fs';
import { nativeMemory } from '@gpup/os';
import { callFilter } from './call-filter.ts';
import { ownMachine } from './call-numbers.ts';
import { callRules } from './call-rules.ts';
import { type ThreadCall, callOnEveryThread, canCallOnEveryThread } from './every-thread.ts';
import { driverFiles } from './driver-files.ts';
import { hasIoUring } from './io-uring.ts';
import { createRuleset, landlockVersion, restrictionBy } from './landlock.ts';
import { type MeasureState, inForce, missing } from './measures.ts';
import { type VfLimits, limitResources } from './resource-limits.ts';
import { installFilter } from './system-call-filter.ts';

export interface Confinement {
  readonly adapter: 'hardware' | 'software';
  /** The process outlives its host. */
  readonly survives: boolean;
  readonly limits: VfLimits;
}

const PR_SET_NO_NEW_PRIVS = 38;

/**
 * Takes from this process, for good, what a VF does not need once it is warm: every thread that it has, and every one to
 * come. What this machine lacks is left out, and said. The order matters: the filter comes last, as it forbids the rest.
 */
export function confine({ adapter, survives, limits }: Confinement): readonly MeasureState[] {
  const states = [attempt('resource-limits', () => limitResources(limits), `core dumps, open files (${limits.openFilesMax}), file sizes`)];
  states.push(hasIoUring() ? missing('io-uring', 'this process was started with one') : inForce('io-uring', 'none'));
  const files = fileRules(adapter);
  states.push(...restrictThreads(files));
  if (files.rulesetFd !== null) closeSync(files.rulesetFd);
  states.push(...filterCalls({ adapter, survives, hasFileRules: states.some(({ measure, isInForce }) => measure === 'files' && isInForce) }));
  return states;
}

interface Files {
  /** Null: none could be made. */
  readonly rulesetFd: number | null;
  readonly detail: string;
}

function fileRules(adapter: Confinement['adapter']): Files {
  const version = landlockVersion();
  if (version === 0) return { rulesetFd: null, detail: 'the kernel has no Landlock, or it is switched off' };
  if (!canCallOnEveryThread()) return { rulesetFd: null, detail: `not written for ${process.arch}` };
  const rules = adapter === 'hardware' ? driverFiles(process.env) : [];
  return { rulesetFd: createRuleset(version, rules), detail: `Landlock version ${version}, ${rules.length === 0 ? 'nothing can be opened' : 'devices, and files to read'}` };
}

/** What Linux keeps for each thread. */
function restrictThreads({ rulesetFd, detail }: Files): readonly MeasureState[] {
  if (!canCallOnEveryThread()) return [missing('files', detail), capabilitiesAsTheyAre()];
  const calls: ThreadCall[] = [{ call: 'prctl', arguments: [PR_SET_NO_NEW_PRIVS, 1] }];
  if (rulesetFd !== null) calls.push(restrictionBy(rulesetFd));
  const nothing = noCapabilities();
  calls.push({ call: 'capset', arguments: [nothing.header.address, nothing.sets.address] });
  try {
    callOnEveryThread(calls);
    return [rulesetFd === null ? missing('files', detail) : inForce('files', detail), inForce('capabilities', 'none')];
  } catch (error) {
    const { message } = error as Error;
    return [missing('files', message), missing('capabilities', message)];
  }
}

// From <linux/capability.h>.
const CAPABILITY_VERSION_3 = 0x20080522;

/** struct __user_cap_header_struct, and three sets of 64 bits that are empty: effective, permitted, inheritable. */
function noCapabilities() {
  const header = nativeMemory(8);
  header.fields.setUint32(0, CAPABILITY_VERSION_3, true);
  return { header, sets: nativeMemory(24) };
}

function capabilitiesAsTheyAre(): MeasureState {
  const permitted = /^CapPrm:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return /^0+$/.test(permitted) ? inForce('capabilities', 'none, as the host has none') : missing('capabilities', `not written for ${process.arch}; run the host as a user of its own`);
}

function filterCalls(kind: { readonly adapter: Confinement['adapter']; readonly survives: boolean; readonly hasFileRules: boolean }): readonly MeasureState[] {
  const machine = ownMachine();
  if (machine === null) return [missing('system-calls', `not written for ${process.platform} on ${process.arch}`), missing('no-new-privileges', 'not written for this machine')];
  const program = callFilter(callRules({ pid: process.pid, ...kind }), machine);
  const state = attempt('system-calls', () => installFilter(program), `seccomp, ${program.length} instructions`);
  return [state, state.isInForce ? inForce('no-new-privileges', 'set') : missing('no-new-privileges', state.detail)];
}

function attempt(measure: MeasureState['measure'], act: () => void, how: string): MeasureState {
  try {
    act();
    return inForce(measure, how);
  } catch (error) {
    return missing(measure, (error as Error).message);
  }
}
