import { resolve } from 'node:path';
import { type ReplayReport, replayInProcess } from '@gpup/pf';
import type { Command } from './arguments.ts';
import { REPLAY_DIFFERENT } from './command-line/programs.ts';
import { replayJson, replayText } from './replay-text.ts';

/** Plays a capture again. Resolves with the exit status. */
export async function replay({ path, adapter, buffers, patienceSeconds, json }: Extract<Command, { readonly kind: 'replay' }>): Promise<number> {
  const result = await replayInProcess({ path: resolve(path), adapter, hashesBuffers: buffers, stallMsMax: patienceSeconds * 1000 });
  if (result.kind === 'refused') throw new Error(result.message);
  const isSame = result.kind === 'replayed' && isAsCaptured(result.report);
  process.stdout.write((json ? replayJson : replayText)(result, isSame));
  return isSame ? 0 : REPLAY_DIFFERENT;
}

/** Adapters describe themselves in other words; everything else is to be equal. */
function isAsCaptured({ replies, stalled, lost, captureEnd }: ReplayReport): boolean {
  const isEndEqual = (lost !== null) === (captureEnd === 'fault');
  return replies.otherKind === 0 && replies.otherData === 0 && stalled === null && isEndEqual;
}
