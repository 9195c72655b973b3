/**
 * What a host process tells a VF process at its start: JSON in one environment variable. The host is
 * trusted, yet the value is decoded field by field, so that a mismatch of versions ends with a sentence.
 */
export const VF_CONFIG_VARIABLE = 'GPUP_VF_CONFIG';

/** Descriptors that the host process leaves open in a VF process. */
export const VF_CONTROL_FD = 3;
export const VF_DATA_FD = 4;

export type Transport = 'aperture' | 'stream';

export interface VfConfig {
  /** The process that must be our parent: once it is not, nobody watches this VF any more. */
  readonly hostPid: number;
  readonly transport: Transport;
  /** Size of the heap in the aperture. Null: the bus's own default. */
  readonly heapBytes: number | null;
  /** The partition's budget of video memory. Null: as much as the adapter has. */
  readonly vramBytes: number | null;
  readonly dawnFlags: readonly string[];
}

export function encodeVfConfig(config: VfConfig): string {
  return JSON.stringify(config);
}

export function decodeVfConfig(text: string | undefined): VfConfig {
  if (text === undefined) {
    throw new Error(`A VF process is started by a host process, which sets ${VF_CONFIG_VARIABLE} (not set).`);
  }
  const fields = JSON.parse(text) as unknown;
  if (typeof fields !== 'object' || fields === null) throw invalid('config', fields);
  const value = (name: string): unknown => (fields as Record<string, unknown>)[name];
  return {
    hostPid: positive('hostPid', value('hostPid')),
    transport: transport(value('transport')),
    heapBytes: positiveOrNull('heapBytes', value('heapBytes')),
    vramBytes: positiveOrNull('vramBytes', value('vramBytes')),
    dawnFlags: strings('dawnFlags', value('dawnFlags')),
  };
}

function positive(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0) return value;
  throw invalid(name, value);
}

function positiveOrNull(name: string, value: unknown): number | null {
  return value === null ? null : positive(name, value);
}

function transport(value: unknown): Transport {
  if (value === 'aperture' || value === 'stream') return value;
  throw invalid('transport', value);
}

function strings(name: string, value: unknown): readonly string[] {
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return value as string[];
  throw invalid(name, value);
}

function invalid(name: string, value: unknown): Error {
  return new Error(`${VF_CONFIG_VARIABLE} has an invalid ${name} (${JSON.stringify(value)}).`);
}
