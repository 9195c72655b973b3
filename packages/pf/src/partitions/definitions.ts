/**
 * The file of definitions: versioned JSON, written whole. A reader, after a crash at any moment, finds the file before the
 * write or the file after it. What cannot be read is never overwritten: whoever starts with it stops, and says why.
 */
import type { AdapterMode, AdapterScheduling } from '../actions.ts';
import { fieldPath, fieldsOf, listOf, recordOf, shown, wordOf } from '../fields.ts';
import { readKeptFile, writeKeptFile } from '../kept-file.ts';
import { PF_LIMITS } from '../limits.ts';
import { Refusal } from '../refusal.ts';
import { decodeScheduling } from '../scheduling.ts';
import { decodeDefinition } from './definition.ts';
import type { Definitions } from './restore.ts';

/** A newer host reads older versions. An older host refuses newer ones: it would drop what it does not know. */
export const DEFINITIONS_VERSION = 1;

/** The moments of a write after each of which a crash is tried, in their order. */
export const DEFINITIONS_STEPS = ['definitions.opened', 'definitions.written', 'definitions.synced', 'definitions.renamed', 'definitions.kept'] as const;
export type DefinitionsStep = (typeof DEFINITIONS_STEPS)[number];

const FILE_FIELDS = ['version', 'modes', 'scheduling', 'partitions'] as const;
const MODES = ['partitioned', 'dda'] as const;

/** Null where there is no file: nothing was ever defined. Throws a Refusal for a file that is damaged or newer; the file stays as it is. */
export function loadDefinitions(path: string): Definitions | null {
  const text = readText(path);
  if (text === null) return null;
  try {
    return decodeDefinitions(parse(text));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    throw new Refusal(
      'definitions-damaged',
      `The partitions defined in ${path} cannot be read, so nothing is started and the file is kept as it is: ${error.message} Mend it, or move it away to start without partitions.`,
      error.field,
    );
  }
}

/**
 * Returns when the definitions would survive a loss of power. One writer at a time. On failure the older file is in place,
 * and what is left of the newer one is overwritten by the next write.
 */
export function saveDefinitions(path: string, definitions: Definitions, onStep: (step: DefinitionsStep) => void = () => {}): void {
  const text = encodeDefinitions(definitions);
  // A file that the next host refuses would cost every partition: whoever asked is refused instead.
  decodeDefinitions(parse(text));
  writeKeptFile(path, text, (moment) => onStep(`definitions.${moment}`));
}

/** For people as well: one may want to read it, or mend it. */
export function encodeDefinitions({ modes, scheduling, partitions }: Definitions): string {
  return `${JSON.stringify({ version: DEFINITIONS_VERSION, modes, scheduling, partitions }, null, 2)}\n`;
}

export function decodeDefinitions(value: unknown): Definitions {
  // The version comes first: in another one the other fields may mean anything.
  const { version } = recordOf(value, '');
  if (version !== DEFINITIONS_VERSION) {
    throw new Refusal('definitions-version', `Its version (${shown(version)}) is not the one that this host reads (${DEFINITIONS_VERSION}).`, 'version');
  }
  const fields = fieldsOf(value, '', FILE_FIELDS);
  const partitions = listOf(fields.partitions, 'partitions', PARTITIONS_MAX).map((item, index) => decodeDefinition(item, `partitions[${index}]`));
  const names = partitions.map(({ name }) => name);
  const again = names.findIndex((name, index) => names.indexOf(name) !== index);
  if (again >= 0) throw new Refusal('partition-exists', `The field partitions[${again}].name ("${names[again]}") is the name of an earlier partition.`, `partitions[${again}].name`);
  // Files of before there were policies have none.
  return { modes: decodeModes(fields.modes), scheduling: decodeSchedulings(fields.scheduling ?? {}), partitions };
}

function decodeModes(value: unknown): Readonly<Record<string, AdapterMode>> {
  const modes = Object.entries(recordOf(value, 'modes'));
  return Object.fromEntries(modes.map(([id, mode]) => [id, wordOf(mode, fieldPath('modes', id), MODES)]));
}

function decodeSchedulings(value: unknown): Readonly<Record<string, AdapterScheduling>> {
  const entries = Object.entries(recordOf(value, 'scheduling'));
  return Object.fromEntries(entries.map(([id, scheduling]) => [id, decodeScheduling(scheduling, fieldPath('scheduling', id), null)]));
}

function readText(path: string): string | null {
  try {
    return readKeptFile(path, PF_LIMITS.definitionsBytesMax);
  } catch (error) {
    throw unreadable(path, (error as Error).message);
  }
}

function unreadable(path: string, why: string): Refusal {
  return new Refusal('definitions-unreadable', `The partitions defined in ${path} cannot be read, so nothing is started: ${why}.`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Refusal('bad-json', `It is not JSON (${(error as Error).message}).`);
  }
}

/** Of all adapters: far more than any machine has, to bound the work on a file that somebody has written. */
const PARTITIONS_MAX = 64 * PF_LIMITS.partitionsPerAdapterMax;
