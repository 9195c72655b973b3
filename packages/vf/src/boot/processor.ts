/// <reference types="@webgpu/types" />

import type { HostLink } from '@gpup/bus';
import type { DawnModule } from './dawn.ts';
import type { DawnTick } from './dawn-tick.ts';

export interface ProcessorOptions {
  readonly link: HostLink;
  readonly gpu: GPU;
  readonly dawn: DawnModule;
  readonly tick: DawnTick;
  readonly vramBytes: number | null;
  /** Ends the VF process, and tells the host why. */
  readonly end: (code: string, message: string) => never;
}

/** Sets the command processor to work on the link, and ends this process when the guest is gone or at fault. */
export function runProcessor({ link, end }: ProcessorOptions): void {
  link.onPacket = (words, begin, finish) => link.send(words, begin, finish);
  link.onFault = (fault) => end(fault.code, fault.message);
  link.onClose = () => end('guest-gone', 'The guest closed its data connection.');
}
