import { type Place, WHOLE_ADAPTER } from '../scene/place.ts';

export interface PlannedPartition {
  readonly name: string;
  readonly adapter: string;
  /** Its budget; null where it is a part of its adapter. */
  readonly vramBytes: number | null;
  readonly escapes: readonly string[];
}

export interface PlannedGuest {
  readonly id: number;
  readonly place: Place;
}

/**
 * The world as a plan expects it: what each step is chosen by. What really is there may differ (a partition that too many
 * timeouts have blocked, an operation that was cut off), and then a step finds nothing to do.
 */
export class PlannedWorld {
  readonly partitions = new Map<string, PlannedPartition>();
  readonly guests = new Map<number, PlannedGuest>();
  /** The one adapter that may be is given away as a whole. */
  isWholeGiven = false;
  guestCount = 0;

  get places(): readonly Place[] {
    return [...this.partitions.keys(), ...(this.isWholeGiven ? [WHOLE_ADAPTER] : [])];
  }

  addGuest(guest: PlannedGuest): void {
    this.guests.set(guest.id, guest);
    this.guestCount = Math.max(this.guestCount, guest.id);
  }

  /** It ends, and all that is in it. */
  removePlace(place: Place): void {
    this.partitions.delete(place);
    for (const { id } of this.guestsIn(place)) this.guests.delete(id);
  }

  guestsIn(place: Place): readonly PlannedGuest[] {
    return [...this.guests.values()].filter((guest) => guest.place === place);
  }

  /** Everybody goes. */
  clear(): void {
    this.partitions.clear();
    this.guests.clear();
    this.isWholeGiven = false;
  }
}
