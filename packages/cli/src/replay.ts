import { resolve } from 'node:path';
import { type ReplayReport, type ReplayResult, replayInProcess } from '@gpup/pf';
import type { Command } from './arguments.ts';
import { REPLAY_DIFFERENT } from './command-line/programs.ts';
import { printable } from './printable.ts';

/** Plays a capture again. Resolves with the exit status. */
export async function replay({ path, adapter, buffers, patienceSeconds, json }: Extract<Command, { readonly kind: 'replay' }>): Promise<number> {
  const result = await replayInProcess({ path: resolve(path), adapter, hashesBuffers: buffers, stallMsMax: patienceSeconds * 1000 });
  if (result.kind === 'refused') throw new Error(result.message);
  const isSame = result.kind === 'replayed' && isAsCaptured(result.report);
  process.stdout.write(json ? `${JSON.stringify({ isSame, ...result }, null, 2)}\n` : `${describe(result, isSame)}\n`);
  return isSame ? 0 : REPLAY_DIFFERENT;
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
