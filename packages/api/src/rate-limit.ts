/**
 * A bucket of requests for each peer, which fills with time. The count of peers that are remembered is bounded: beyond it
 * the one that asked longest ago is forgotten, and starts with a full bucket should it come back.
 */
export interface RateLimits {
  readonly requestBurstMax: number;
  readonly requestsPerSecond: number;
  readonly peersMax: number;
}

interface Bucket {
  /** Time that has not been spent on requests. One costs what the rate says, so that no fraction of one is lost to rounding. */
  leftMs: number;
  filledMs: number;
}

export class RateLimit {
  readonly #limits: RateLimits;
  readonly #nowMs: () => number;
  /** In the order of the last request, the oldest first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits, nowMs: () => number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
  }

  /** Takes one request from the peer's bucket. Milliseconds until the next one is there, 0 if this one may pass. */
  waitMs(peer: string): number {
    const costMs = 1000 / this.#limits.requestsPerSecond;
    const bucket = this.#fill(peer, this.#limits.requestBurstMax * costMs);
    if (bucket.leftMs < costMs) return Math.ceil(costMs - bucket.leftMs);
    bucket.leftMs -= costMs;
    return 0;
  }

  get peerCount(): number {
    return this.#buckets.size;
  }

  #fill(peer: string, fullMs: number): Bucket {
    const { peersMax } = this.#limits;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(peer) ?? { leftMs: fullMs, filledMs: nowMs };
    bucket.leftMs = Math.min(fullMs, bucket.leftMs + nowMs - bucket.filledMs);
    bucket.filledMs = nowMs;
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > peersMax && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
