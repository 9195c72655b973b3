/** Escapes: what a host of gpup does for a guest beyond WebGPU. Each is closed unless the guest's partition has opened it. */
import { FEATURE_LEVELS, formatFeatureLevel, Reader, Writer } from '@gpup/wire';
import { ESCAPE_CODECS, ESCAPES, type EscapeName, type EscapeReplies, type EscapeRequests } from '@gpup/wire/escapes';
import type { Greeting } from './context.ts';
import { EscapeError } from './escape-error.ts';
import { implOfGPU } from './generated/interfaces.gen.ts';
import { Gpu } from './objects/gpu.ts';

/** The host behind a GPU object, as its greeting was answered. */
export interface HostDescription {
  /** Of the two ends, the lower. */
  readonly protocol: string;
  /** `2.9`, for example. */
  readonly featureLevel: string;
  /** Names of the escapes that are open. */
  readonly escapes: readonly string[];
}

/** A request without fields may be left out. */
type RequestOf<Name extends EscapeName> = EscapeRequests[Name] extends Readonly<Record<string, never>> ? [request?: EscapeRequests[Name]] : [request: EscapeRequests[Name]];

/** Asks the host of `gpu`. Rejects with an EscapeError where the host is older, or the escape is closed. */
export async function callEscape<Name extends EscapeName>(gpu: object, name: Name, ...[request]: RequestOf<Name>): Promise<EscapeReplies[Name]> {
  if (!Object.hasOwn(ESCAPES, name)) throw new TypeError(`The escape (${String(name)}) is none of ${Object.keys(ESCAPES).join(', ')}.`);
  const words = encodeRequest(name, (request ?? {}) as EscapeRequests[Name]);
  const driver = driverOf(gpu);
  requireLevel(name, await driver.greeting());
  const { number, version } = ESCAPES[name];
  return driver.escape({ number, version, words }, (reader) => ESCAPE_CODECS[name].decodeReply(reader));
}

export async function hostOf(gpu: object): Promise<HostDescription> {
  const { major, minor, featureLevel, escapes } = await driverOf(gpu).greeting();
  return { protocol: `${major}.${minor}`, featureLevel: formatFeatureLevel(featureLevel), escapes };
}

function driverOf(gpu: object): Gpu {
  const impl = implOfGPU(gpu);
  if (impl instanceof Gpu) return impl;
  throw new TypeError('The object is no GPU of this driver.');
}

function requireLevel(name: EscapeName, { featureLevel }: Greeting): void {
  if (featureLevel >= FEATURE_LEVELS.escapes) return;
  throw new EscapeError(
    'escape-level',
    `The escape ${name} needs feature level ${formatFeatureLevel(FEATURE_LEVELS.escapes)}; the host offers ${formatFeatureLevel(featureLevel)}, as it is older.`,
  );
}

/** What the host would take for a fault of the driver's is an error of the program's here. */
function encodeRequest<Name extends EscapeName>(name: Name, request: EscapeRequests[Name]): Uint32Array {
  const writer = new Writer(16);
  const codec = ESCAPE_CODECS[name];
  codec.encodeRequest(writer, request);
  const words = writer.words.slice(0, writer.length);
  const reader = new Reader();
  reader.open(words, 0, words.length);
  try {
    codec.decodeRequest(reader);
  } catch (cause) {
    throw new TypeError(`The request of the escape ${name} (${JSON.stringify(request)}) is not valid: ${(cause as Error).message}`, { cause });
  }
  return words;
}
