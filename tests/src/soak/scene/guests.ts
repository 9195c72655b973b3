import type { Findings } from '../findings.ts';
import { type GuestEnd, type GuestOptions, GuestProcess } from './guest-process.ts';
import type { Place } from './place.ts';

/** The guests that live. How each ends is judged when it does. */
export class Guests {
  readonly #findings: Findings;
  readonly #living = new Map<number, GuestProcess>();

  constructor(findings: Findings) {
    this.#findings = findings;
  }

  get all(): readonly GuestProcess[] {
    return [...this.#living.values()];
  }

  get running(): readonly GuestProcess[] {
    return this.all.filter(({ state }) => state === 'running');
  }

  in(place: Place): readonly GuestProcess[] {
    return this.all.filter((guest) => guest.place === place);
  }

  /** Undefined: it has ended, or has no GPU yet. */
  runningOf(id: number): GuestProcess | undefined {
    return this.running.find((guest) => guest.id === id);
  }

  start(options: GuestOptions): GuestProcess {
    const guest = new GuestProcess(options);
    this.#living.set(guest.id, guest);
    this.#findings.count('guests.started');
    void guest.ended.then((end) => {
      this.#living.delete(guest.id);
      const complaint = guest.judge(end);
      if (complaint !== null) this.#findings.violate('guest-ends', complaint);
      this.#findings.count(`guests.ended: ${howEnded(end)}`);
      this.#findings.count('work.rounds', guest.rounds);
      this.#findings.count('work.compared MiB', Math.round(guest.verifiedBytes / 2 ** 20));
    });
    return guest;
  }

  kill(): void {
    for (const guest of this.all) guest.kill();
  }
}

function howEnded({ line, status }: GuestEnd): string {
  if (line?.type === 'refused') return `refused ${line.code}`;
  return line?.type === 'lost' ? line.text.replace(/ of \d+| \d+|"[^"]*"/g, ' …') : String(line?.type ?? status);
}
