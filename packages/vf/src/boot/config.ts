import { ISOLATION_MODES, type IsolationMode } from '@gpup/sandbox/measures';
import { invalid, objectOf, positive, stringOrNull, strings } from './fields.ts';

/**
 * What a host process tells a VF process at its start: JSON in one environment variable. Nothing in it is
 * of a guest's: that comes with the assignment.
 */
export const VF_CONFIG_VARIABLE = 'GPUP_VF_CONFIG';

/** The one descriptor that the host process leaves open in a VF process. */
export const VF_CONTROL_FD = 3;

export interface VfConfig {
  /** The process that must be our parent: once it is not, nobody watches this VF any more. */
  readonly hostPid: number;
  readonly dawnFlags: readonly string[];
  readonly adapter: AdapterKind;
  readonly isolation: IsolationMode;
  /** Where a VF that outlives its host will wait for a next one; null: it dies with this one. */
  readonly survivalPath: string | null;
}

export const ADAPTER_KINDS = ['hardware', 'software'] as const;
export type AdapterKind = (typeof ADAPTER_KINDS)[number];

export function encodeVfConfig(config: VfConfig): string {
  return JSON.stringify(config);
}

export function decodeVfConfig(text: string | undefined): VfConfig {
  if (text === undefined) {
    throw new Error(`A VF process is started by a host process, which sets ${VF_CONFIG_VARIABLE} (not set).`);
  }
  const fields = objectOf(VF_CONFIG_VARIABLE, text);
  const adapter = ADAPTER_KINDS.find((kind) => kind === fields.values['adapter']);
  const isolation = ISOLATION_MODES.find((mode) => mode === fields.values['isolation']);
  if (adapter === undefined) throw invalid(fields, 'adapter');
  if (isolation === undefined) throw invalid(fields, 'isolation');
  return { hostPid: positive(fields, 'hostPid'), dawnFlags: strings(fields, 'dawnFlags'), adapter, isolation, survivalPath: stringOrNull(fields, 'survivalPath') };
}
