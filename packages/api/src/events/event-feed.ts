import type { HostEvent, PfActions } from '@gpup/pf/actions';
import { Backlog, type BacklogLimits } from './backlog.ts';

/** Somebody who gets every event from now on. Must not throw, and must not keep without end what is sent. */
export interface Listener {
  send(frame: string): void;
}

export interface EventOrigin {
  readonly subscribe: PfActions['subscribe'];
  /** Of the daemon: events are numbered in its life. */
  readonly startedMs: () => number;
}

/** Listens to the host once, for all. Each event is written out once, however many listen. */
export class EventFeed {
  readonly #startedMs: () => number;
  readonly #backlog: Backlog;
  readonly #listeners = new Set<Listener>();
  readonly #unsubscribe: () => void;

  constructor({ subscribe, startedMs }: EventOrigin, limits: BacklogLimits) {
    this.#startedMs = startedMs;
    this.#backlog = new Backlog(limits);
    this.#unsubscribe = subscribe((event) => this.#take(event));
  }

  /** Says hello, sends what came after the event `after`, and from then on what comes. */
  attach(listener: Listener, after: number | undefined): void {
    const { newestSequence, oldestSequence } = this.#backlog;
    listener.send(JSON.stringify({ type: 'hello', startedMs: this.#startedMs(), newestSequence }));
    if (after !== undefined) {
      const { missed, frames } = this.#backlog.after(after);
      if (missed) listener.send(JSON.stringify({ type: 'missed', after, oldestSequence }));
      for (const frame of frames) listener.send(frame);
    }
    this.#listeners.add(listener);
  }

  detach(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  close(): void {
    this.#unsubscribe();
    this.#listeners.clear();
  }

  #take(event: HostEvent): void {
    const frame = JSON.stringify(event);
    this.#backlog.push(event.sequence, frame);
    for (const listener of this.#listeners) listener.send(frame);
  }
}
