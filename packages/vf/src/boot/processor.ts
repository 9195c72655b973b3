import type { HostLink } from '@gpup/bus';
import type { ContextSlot } from '@gpup/vidmm';
import type { Backend } from '../backend.ts';
import { CommandProcessor, type ProcessorEnd } from '../command-processor.ts';
import { knownEscapes } from '../escapes/escape-registry.ts';
import type { GuestView } from '../guest-view.ts';
import type { TurnHost } from '../turn-gate.ts';
import { VF_BUG } from './end.ts';

export interface ProcessorOptions {
  readonly link: HostLink;
  readonly backend: Backend;
  readonly vramBytes: number | null;
  readonly escapes: readonly string[];
  readonly view?: GuestView | undefined;
  /** On the partition's page; its budgets stand instead of `vramBytes`. */
  readonly slot?: ContextSlot;
  readonly turns: TurnHost;
  /** Ends the VF process, and tells the host why. */
  readonly end: (code: string, message: string) => never;
}

/** Sets a command processor to work on the link, and ends this process when the guest is gone or at fault. */
export function runProcessor({ link, backend, vramBytes, escapes, view, slot, turns, end }: ProcessorOptions): CommandProcessor {
  return new CommandProcessor({
    link,
    backend,
    escapes: knownEscapes(escapes),
    ...(view === undefined ? {} : { view }),
    limits: vramBytes === null ? {} : { vramBytes },
    ...(slot === undefined ? {} : { slot }),
    turns,
    report: (ended) => finish(ended, end),
  });
}

function finish(ended: ProcessorEnd, end: ProcessorOptions['end']): never {
  switch (ended.type) {
    case 'closed':
      return end('guest-gone', 'The guest closed its data connection.');
    case 'fault':
      return end(ended.code, ended.message);
    case 'bug':
      console.error(ended.error);
      return end(VF_BUG, ended.error instanceof Error ? ended.error.message : String(ended.error));
  }
}
