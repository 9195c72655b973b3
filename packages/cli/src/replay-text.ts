import { printable, printableJson } from '@gpup/base';
import type { ReplayResult } from '@gpup/pf';

/** What came of a replay. Any word of it may be a stranger's: the capture is, and so may be what its replay printed. */
type Outcome = Exclude<ReplayResult, { kind: 'refused' }>;

/** For programs. */
export function replayJson(result: Outcome, isSame: boolean): string {
  return `${printableJson({ isSame, ...result }, 2)}\n`;
}

/** For people. */
export function replayText(result: Outcome, isSame: boolean): string {
  return linesOf(result, isSame).map((line) => `${printable(line)}\n`).join('');
}

function linesOf(result: Outcome, isSame: boolean): readonly string[] {
  if (result.kind === 'died') return result.message.split('\n');
  const { report, adapter } = result;
  return [
    `Captured     ${report.header.startedAt}, protocol ${report.header.protocol}, ended: ${report.captureEnd}`,
    `Replayed     ${report.packetCount} packets, ${report.payloadBytes} bytes of payload, on the ${adapter} adapter`,
    `Answers      ${report.replies.equal} equal, ${report.replies.otherWords} in other words, ${report.replies.otherData} with other data, ${report.replies.otherKind} of another kind`,
    ...report.replies.differences.map(({ request, captured, replayed }) => `             request ${request}: ${captured} was ${replayed}`),
    `Errors       ${report.errorCount}`,
    ...report.errors.map(({ packet, kind, message }) => `             packet ${packet}: ${kind}: ${message.split('\n')[0] ?? ''}`),
    ...(report.lost === null ? [] : [`Lost         ${report.lost.code}: ${report.lost.message}`]),
    ...(report.stalled === null ? [] : [`Stalled      waited in vain for ${report.stalled}`]),
    ...(report.buffers ?? []).map(({ label, bytes, sha256 }) => `Buffer       ${sha256 ?? 'not readable'}  ${bytes} bytes  ${label}`),
    isSame ? 'Everything came as it was captured.' : 'It did not come as it was captured.',
  ];
}
