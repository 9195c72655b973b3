import { Socket } from 'node:net';
import type { Assigned } from './assignment.ts';
import { VF_CONTROL_FD } from './config.ts';
import { die } from './guard.ts';
import { type HostAnswers, HostConnection } from './host-connection.ts';
import { reportTo } from './report.ts';
import { vfSurvivalStep } from './steps.ts';
import { Survival, type SurvivalMeans } from './survival.ts';

/**
 * From the assignment on this VF listens to its host, which closes the control socket when it gives the VF up.
 * Then the VF ends, unless it was told to survive.
 */
export function attendHost({ assignment, guestControlFd, pageFd }: Assigned, answers: HostAnswers, means: SurvivalMeans | null): void {
  const { survival, page } = assignment;
  if (survival === undefined || guestControlFd === null || means === null) {
    const socket = new Socket({ fd: VF_CONTROL_FD, readable: true, writable: false });
    new HostConnection({ socket, answers, onRequest: () => {}, onGone: die }).begin();
    return;
  }
  const surviving = new Survival({ survival, means, guestControlFd, page: page === undefined || pageFd === null ? null : { fd: pageFd, slotIndex: page.slotIndex }, answers });
  reportTo((line) => surviving.hear(line));
  surviving.begin();
  vfSurvivalStep('vf.surviving');
}
