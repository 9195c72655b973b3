import { ADAPTER_PREFERENCES, type AdapterPreference } from './adapters/choice.ts';
import { PF_LIMITS } from './limits.ts';

/** What a launcher tells the host process: JSON in this environment variable. */
export const PF_CONFIG_VARIABLE = 'GPUP_PF_CONFIG';

export interface PfConfig {
  readonly adapter: AdapterPreference;
  /** Null: as much as the adapter has. */
  readonly vramBytes: number | null;
  /** Size of the heap that each context shares with its VF. Null: the bus's default. */
  readonly heapBytes: number | null;
}

export function decodePfConfig(text: string | undefined): PfConfig {
  const fields = text === undefined ? {} : (JSON.parse(text) as unknown);
  if (typeof fields !== 'object' || fields === null) throw new Error(`${PF_CONFIG_VARIABLE} is not a JSON object.`);
  const { adapter = 'auto', vramBytes = null, heapBytes = null } = fields as Record<string, unknown>;
  return {
    adapter: decodeAdapter(adapter),
    vramBytes: vramBytes === null ? null : decodeBytes('VRAM budget', vramBytes, PF_LIMITS.vramBytesMax),
    heapBytes: heapBytes === null ? null : decodeHeap(heapBytes),
  };
}

function decodeAdapter(value: unknown): AdapterPreference {
  const found = ADAPTER_PREFERENCES.find((preference) => preference === value);
  if (found !== undefined) return found;
  throw new Error(`The adapter (${String(value)}) is none of ${ADAPTER_PREFERENCES.join(', ')}.`);
}

function decodeBytes(what: string, value: unknown, bytesMax: number): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 1) {
    throw new Error(`The ${what} (${String(value)}) is not a positive whole number of bytes.`);
  }
  if (value > bytesMax) throw new Error(`The ${what} (${value} bytes) is above the limit (${bytesMax} bytes).`);
  return value;
}

function decodeHeap(value: unknown): number {
  const bytes = decodeBytes('heap', value, PF_LIMITS.heapBytesMax);
  if (bytes % PAGE_BYTES !== 0) throw new Error(`The heap (${bytes} bytes) is not a whole number of pages (${PAGE_BYTES} bytes).`);
  return bytes;
}

const PAGE_BYTES = 4096;
