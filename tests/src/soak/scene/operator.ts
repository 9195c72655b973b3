import { setTimeout as sleep } from 'node:timers/promises';
import { type Host, HostApiError, openHost } from '@gpup/api/client';
import type { Findings } from '../findings.ts';
import { SOAK_LIMITS } from '../limits.ts';
import type { DaemonKeeper } from './daemon-keeper.ts';

/** What came of something that was asked of the host. */
export type Answer<T> =
  | { readonly kind: 'done'; readonly value: T }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  /** The daemon was ended meanwhile, or there was none: it is done or not. */
  | { readonly kind: 'interrupted' };

const CUT_OFF: ReadonlySet<string> = new Set(['no-host', 'host-gone', 'bad-answer']);

/** Asks the host, as its operator does, by its API alone. */
export class Operator {
  readonly host: Host;
  readonly #keeper: DaemonKeeper;
  readonly #findings: Findings;

  constructor(keeper: DaemonKeeper, findings: Findings) {
    this.#keeper = keeper;
    this.#findings = findings;
    this.host = openHost({ socketPath: keeper.apiSocketPath });
  }

  async ask<T>(run: (host: Host) => Promise<T>): Promise<Answer<T>> {
    const { interruptions } = this.#keeper;
    const isCutOff = (): boolean => !this.#keeper.isUp || this.#keeper.interruptions !== interruptions;
    for (;;) {
      if (isCutOff()) return { kind: 'interrupted' };
      try {
        return { kind: 'done', value: await run(this.host) };
      } catch (error) {
        if (!(error instanceof HostApiError)) throw error;
        if (CUT_OFF.has(error.code) && isCutOff()) return { kind: 'interrupted' };
        // A storm of requests is one peer with us.
        if (error.code === 'rate-limited') await sleep(SOAK_LIMITS.rateRetryMs);
        else return this.#refusal(error);
      }
    }
  }

  #refusal({ code, message, status }: HostApiError): Answer<never> {
    if (status === 0 || status >= 500) this.#findings.violate('api-answers', `The host does not answer as it must: ${code}: ${message}`);
    return { kind: 'refused', code, message };
  }
}
