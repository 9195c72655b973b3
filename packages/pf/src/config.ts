import { isAbsolute } from 'node:path';
import { ISOLATION_MODES, type IsolationMode } from '@gpup/sandbox/measures';
import { escapeNamed } from '@gpup/vf/boot';
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
  /** VF processes that are kept ready for guests to come. */
  readonly pool: number;
  /** Whether a guest is about to come, so that a VF process is made ready for it in any case. */
  readonly guestExpected: boolean;
  /** Names of the escapes that are open to every guest of this host. */
  readonly escapes: readonly string[];
  /** An absolute path: what every guest sends is kept there. Null: nowhere. */
  readonly capturePath: string | null;
  readonly isolation: IsolationMode;
}

export function decodePfConfig(text: string | undefined): PfConfig {
  const fields = text === undefined ? {} : (JSON.parse(text) as unknown);
  if (typeof fields !== 'object' || fields === null) throw new Error(`${PF_CONFIG_VARIABLE} is not a JSON object.`);
  const { adapter = 'auto', vramBytes = null, heapBytes = null, pool = 1, guestExpected = false, escapes = [], capturePath = null, isolation = 'prefer' } = fields as Record<string, unknown>;
  return {
    adapter: decodeAdapter(adapter),
    vramBytes: vramBytes === null ? null : decodeBytes('VRAM budget', vramBytes, PF_LIMITS.vramBytesMax),
    heapBytes: heapBytes === null ? null : decodeHeap(heapBytes),
    pool: decodePool(pool),
    guestExpected: guestExpected === true,
    escapes: decodeEscapes(escapes),
    capturePath: capturePath === null ? null : decodeCapturePath(capturePath),
    isolation: decodeIsolation(isolation),
  };
}

function decodeIsolation(value: unknown): IsolationMode {
  const found = ISOLATION_MODES.find((mode) => mode === value);
  if (found !== undefined) return found;
  throw new Error(`The isolation (${String(value)}) is none of ${ISOLATION_MODES.join(', ')}.`);
}

function decodeEscapes(value: unknown): readonly string[] {
  if (!Array.isArray(value)) throw new Error(`The escapes (${JSON.stringify(value)}) are not a list of names.`);
  return value.map((name) => escapeNamed(String(name)));
}

function decodeCapturePath(value: unknown): string {
  if (typeof value !== 'string' || !isAbsolute(value)) throw new Error(`The capture's path (${JSON.stringify(value)}) is not an absolute path.`);
  const bytes = Buffer.byteLength(value);
  if (bytes > PF_LIMITS.pathBytesMax) throw new Error(`The capture's path has ${bytes} bytes, the limit is ${PF_LIMITS.pathBytesMax}.`);
  return value;
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

function decodePool(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= PF_LIMITS.poolSizeMax) return value;
  throw new Error(`The size of the pool (${String(value)}) is not a whole number from 0 to ${PF_LIMITS.poolSizeMax}.`);
}

const PAGE_BYTES = 4096;
