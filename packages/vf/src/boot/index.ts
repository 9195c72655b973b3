import { programIn } from '@gpup/os/program';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** By the package's name, as this module may have been bundled into another package's program. */
const DIST = dirname(dirname(createRequire(import.meta.url).resolve('@gpup/vf/boot')));

/** The VF process's program, module by module: for those who look inside. */
export const VF_MODULES_PATH: string = join(DIST, 'main.js');

/** What a VF process runs. */
export function vfProgramPath(): string {
  return programIn(DIST, ['base', 'os', 'sandbox', 'vidmm', 'wire', 'bus', 'vf']);
}

export { createCaptureFile } from '../capture/capture-file.ts';
export { ADOPTION_PROTOCOL, type AdoptionHello, CONTEXT_ID_MAX, type ContextDescription, HELLO_BYTES_MAX, HELLO_DESCRIPTORS_MAX, TURNS_MINOR, decodeHello, encodeHello, isVfId } from './adoption.ts';
export { type Transport, type VfAssignment, type VfSurvival, encodeAssignment } from './assignment.ts';
export { type AdapterKind, VF_CONFIG_VARIABLE, VF_CONTROL_FD, type VfConfig, encodeVfConfig } from './config.ts';
export {
  ALLOCATION_COUNT_MAX,
  type AllocationEntry,
  LATENCY_CLASS_MS_MIN,
  type SchedulingLine,
  type TurnLine,
  VF_LINE_BYTES_MAX,
  type VfLine,
  decodeVfLine,
  encodeVfLine,
} from './control-line.ts';
export { DAWN_BACKEND } from './dawn.ts';
export { EXECUTOR_VARIABLE, type Executor } from '../direct/index.ts';
export { VF_BUG } from './end.ts';
export { ESCAPE_NAMES, escapeNamed, knownEscapes } from '../escapes/escape-registry.ts';
export type { GuestView } from '../guest-view.ts';
export { type HostRequest, type Turn, decodeHostRequest, encodeHostRequest } from './host-request.ts';
export type { LatencyClass } from '@gpup/wire/enums';
export type { ProbedAdapter } from './probe.ts';
export type { ReplayLine, ReplayTask } from './replay.ts';
export { VF_STEPS, VF_SURVIVAL_STEPS } from './steps.ts';
export { FEATURE_NAMES, LIMIT_NAMES, WIRE_FEATURE_LEVEL, WIRE_PROTOCOL } from './versions.ts';
