/**
 * The file of definitions: versioned JSON, written whole. A reader, after a crash at any moment, finds the file before the
 * write or the file after it. What cannot be read is never overwritten: whoever starts with it stops, and says why.
 */
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { AdapterMode, AdapterScheduling } from '../actions.ts';
import { fieldPath, fieldsOf, listOf, recordOf, shown, wordOf } from '../fields.ts';
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
  makeDirectory(dirname(path));
  const temporaryPath = temporaryPathOf(path);
  // Not followed: a link in our place would have us write elsewhere.
  const fd = openSync(temporaryPath, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    onStep('definitions.opened');
    writeWhole(fd, text);
    onStep('definitions.written');
    fsyncSync(fd);
    onStep('definitions.synced');
  } finally {
    closeSync(fd);
  }
  renameSync(temporaryPath, path);
  onStep('definitions.renamed');
  syncDirectory(dirname(path));
  onStep('definitions.kept');
}

/** One name for ever, so that what crashes leave behind never adds up. */
export function temporaryPathOf(path: string): string {
  return `${path}.new`;
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
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unreadable(path, (error as Error).message);
  }
  try {
    const { size } = fstatSync(fd);
    if (size > PF_LIMITS.definitionsBytesMax) throw unreadable(path, `it has ${size} bytes, more than it may have (${PF_LIMITS.definitionsBytesMax})`);
    return readFileSync(fd, 'utf8');
  } catch (error) {
    throw error instanceof Refusal ? error : unreadable(path, (error as Error).message);
  } finally {
    closeSync(fd);
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

function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(fd, bytes, offset);
}

/** A new directory is kept only once the one above it is. */
function makeDirectory(path: string): void {
  const first = mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length; made = dirname(made)) syncDirectory(dirname(made));
}

/** A rename is kept only once its directory is. */
function syncDirectory(path: string): void {
  const fd = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Of all adapters: far more than any machine has, to bound the work on a file that somebody has written. */
const PARTITIONS_MAX = 64 * PF_LIMITS.partitionsPerAdapterMax;
