import { resolve } from 'node:path';
import { ADAPTER_PREFERENCES, type ReplayReport, type ReplayResult, replayInProcess } from '@gpup/pf';
import { HELP, oneOf, type Options, parseOptions } from './arguments.ts';
import { UsageError } from './usage-error.ts';

const OPTIONS: Options = { ...HELP, adapter: { type: 'string' }, json: { type: 'boolean' }, buffers: { type: 'boolean' }, patience: { type: 'string' } };
const PATIENCE_SECONDS = 30;
const PATIENCE_SECONDS_MAX = 86_400;

/** The replay went otherwise than the capture. */
const DIFFERENT = 3;

const USAGE = `Usage: gpup replay FILE [OPTIONS]

Plays a file of "gpup capture" to a GPU again, and compares the answers with those that the
program was given. It runs in a process of its own, which the file can end but not leave.

Options:
  --adapter auto|hardware|software
                          auto (default): a real GPU if there is one, else the bundled software GPU
  --buffers               show a hash of the contents of every buffer at the end
  --patience SECONDS      how long one answer may take (default: ${PATIENCE_SECONDS})
  --json                  print one JSON object
  -h, --help              show this help

Exit status: 0 if everything came as it was captured; ${DIFFERENT} if an answer or the end differs, or the
replaying process ended early; 1 if the file is damaged or there is no GPU; 2 for a mistake on
the command line.
`;

export async function replay(args: readonly string[]): Promise<number> {
  const { values, path } = parse(args);
  if (values['help'] === true) {
    process.stdout.write(USAGE);
    return 0;
  }
  if (path === undefined) throw new UsageError('No file is given to replay; example: gpup replay capture.gpupcap');
  const result = await replayInProcess({
    path: resolve(path),
    adapter: oneOf('--adapter', values['adapter'] ?? 'auto', ADAPTER_PREFERENCES),
    hashesBuffers: values['buffers'] === true,
    stallMsMax: patience(values['patience']) * 1000,
  });
  if (result.kind === 'refused') throw new Error(result.message);
  const isSame = result.kind === 'replayed' && isAsCaptured(result.report);
  process.stdout.write(values['json'] === true ? `${JSON.stringify({ isSame, ...result }, null, 2)}\n` : `${describe(result, isSame)}\n`);
  return isSame ? 0 : DIFFERENT;
}

/** Options may stand on both sides of the file. */
function parse(args: readonly string[]): { readonly values: Readonly<Record<string, string | boolean>>; readonly path: string | undefined } {
  const before = parseOptions(args, OPTIONS, 'gpup replay');
  const [path, ...others] = before.rest;
  const after = parseOptions(others, OPTIONS, 'gpup replay');
  if (after.rest.length > 0) throw new UsageError(`gpup replay takes one file (${after.rest[0]} is another).`);
  return { values: { ...before.values, ...after.values }, path };
}

function patience(text: string | boolean | undefined): number {
  if (text === undefined) return PATIENCE_SECONDS;
  const seconds = Number(text);
  if (typeof text === 'string' && text !== '' && seconds > 0 && seconds <= PATIENCE_SECONDS_MAX) return seconds;
  throw new UsageError(`--patience (${String(text)}) is not a number of seconds up to ${PATIENCE_SECONDS_MAX}.`);
}

/** Adapters describe themselves in other words; everything else is to be equal. */
function isAsCaptured({ replies, stalled, lost, captureEnd }: ReplayReport): boolean {
  const isEndEqual = (lost !== null) === (captureEnd === 'fault');
  return replies.otherKind === 0 && replies.otherData === 0 && stalled === null && isEndEqual;
}

function describe(result: Exclude<ReplayResult, { kind: 'refused' }>, isSame: boolean): string {
  if (result.kind === 'died') return result.message;
  const { report, adapter } = result;
  return [
    `Captured     ${report.header.startedAt}, protocol ${report.header.protocol}, ended: ${report.captureEnd}`,
    `Replayed     ${report.packetCount} packets, ${report.payloadBytes} bytes of payload, on the ${adapter} adapter`,
    `Answers      ${report.replies.equal} equal, ${report.replies.otherWords} in other words, ${report.replies.otherData} with other data, ${report.replies.otherKind} of another kind`,
    ...report.replies.differences.map(({ request, captured, replayed }) => `             request ${request}: ${captured} was ${replayed}`),
    `Errors       ${report.errorCount}`,
    ...report.errors.map(({ packet, kind, message }) => `             packet ${packet}: ${kind}: ${printable(message.split('\n')[0] ?? '')}`),
    ...(report.lost === null ? [] : [`Lost         ${report.lost.code}: ${printable(report.lost.message)}`]),
    ...(report.stalled === null ? [] : [`Stalled      waited in vain for ${report.stalled}`]),
    ...(report.buffers ?? []).map(({ label, bytes, sha256 }) => `Buffer       ${sha256 ?? 'not readable'}  ${bytes} bytes  ${printable(label)}`),
    isSame ? 'Everything came as it was captured.' : 'It did not come as it was captured.',
  ].join('\n');
}

/** Messages and labels are the file's: a terminal is not to act upon them. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '�');
}
