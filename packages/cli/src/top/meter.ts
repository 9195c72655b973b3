import { HostApiError } from '@gpup/api/client';
import { type Rates, ratesBetween } from './rates.ts';
import type { Sample } from './sample.ts';

/** `gone`: the host cannot be asked at the moment. It may come back, with the same partitions or others. */
export type Reading = { readonly kind: 'rates'; readonly rates: Rates } | { readonly kind: 'gone'; readonly error: HostApiError };

/** Asks a host again and again for what it did since the last time. */
export class Meter {
  readonly #take: () => Promise<Sample>;
  /** The last one that there was: after a while without a host, rates are those of the while. */
  #before: Sample | undefined;

  constructor(take: () => Promise<Sample>) {
    this.#take = take;
  }

  /** Rejects where there is no host: whoever begins to watch should know. */
  async begin(): Promise<void> {
    this.#before = await this.#take();
  }

  /** Rejects only with what waiting does not mend. */
  async read(): Promise<Reading> {
    try {
      const after = await this.#take();
      const rates = ratesBetween(this.#before ?? after, after);
      this.#before = after;
      return { kind: 'rates', rates };
    } catch (error) {
      if (error instanceof HostApiError && isPassing(error)) return { kind: 'gone', error };
      throw error;
    }
  }
}

/** 408 and 429 are the host's way to say "not now". */
function isPassing({ code, status }: HostApiError): boolean {
  return code !== 'no-access' && (status === 0 || status === 408 || status === 429 || status >= 500);
}
