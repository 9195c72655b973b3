import type { GPUErrorFilter } from '@gpup/wire/enums';

/** A request in flight. Exactly one of these is called, once; which ones exist depends on the request. */
export interface PendingRequest {
  /** The host answers as soon as it has read the request: neither the GPU nor a compiler comes first. */
  readonly isSoon?: boolean;
  done?(): void;
  json?(text: string): void;
  scope?(filter: GPUErrorFilter | null, message: string): void;
  data?(bytes: Uint8Array): void;
  escape?(words: Uint32Array): void;
  error(name: string, reason: string, message: string): void;
  /** The context ended before the reply. */
  lost(message: string): void;
}

/** As GuestLink has it. */
type SetWaiting = (waiting: boolean, isSoon: boolean) => void;

/** The requests of a context that wait for a reply; the link hears whether there are any, and whether one of them is answered soon. */
export class Requests {
  readonly #setWaiting: SetWaiting;
  readonly #pending = new Map<number, PendingRequest>();
  #soonCount = 0;
  #nextId = 1;
  /** What the link has been told. */
  #isWaiting = false;
  #isSoon = false;

  constructor(setWaiting: SetWaiting) {
    this.#setWaiting = setWaiting;
  }

  /** Its id. */
  add(pending: PendingRequest): number {
    const id = this.#nextId;
    this.#nextId = (id + 1) >>> 0 || 1;
    this.await(id, pending);
    return id;
  }

  /** Of an id that `add` does not give: 0. */
  await(id: number, pending: PendingRequest): void {
    this.#pending.set(id, pending);
    if (pending.isSoon === true) this.#soonCount += 1;
    this.#tell();
  }

  /** Whose reply has come; undefined: nobody's. */
  take(id: number): PendingRequest | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined) return undefined;
    this.#pending.delete(id);
    if (pending.isSoon === true) this.#soonCount -= 1;
    this.#tell();
    return pending;
  }

  /** All that wait: none does any more. */
  takeAll(): readonly PendingRequest[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    this.#soonCount = 0;
    this.#tell();
    return all;
  }

  #tell(): void {
    const isWaiting = this.#pending.size > 0;
    const isSoon = this.#soonCount > 0;
    if (isWaiting === this.#isWaiting && isSoon === this.#isSoon) return;
    this.#isWaiting = isWaiting;
    this.#isSoon = isSoon;
    this.#setWaiting(isWaiting, isSoon);
  }
}
