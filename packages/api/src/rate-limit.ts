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
  left: number;
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
    const { requestsPerSecond } = this.#limits;
    const bucket = this.#fill(peer);
    if (bucket.left < 1) return Math.ceil(((1 - bucket.left) * 1000) / requestsPerSecond);
    bucket.left -= 1;
    return 0;
  }

  get peerCount(): number {
    return this.#buckets.size;
  }

  #fill(peer: string): Bucket {
    const { requestBurstMax, requestsPerSecond, peersMax } = this.#limits;
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(peer) ?? { left: requestBurstMax, filledMs: nowMs };
    bucket.left = Math.min(requestBurstMax, bucket.left + ((nowMs - bucket.filledMs) * requestsPerSecond) / 1000);
    bucket.filledMs = nowMs;
    this.#buckets.delete(peer);
    this.#buckets.set(peer, bucket);
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > peersMax && oldest !== undefined) this.#buckets.delete(oldest);
    return bucket;
  }
}
