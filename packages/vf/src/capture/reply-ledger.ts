import { REPLIES } from '@gpup/wire/numbers';
import type { CapturedReply } from './format.ts';

const REQUEST_WORD = 2;
const NAMES: readonly string[] = Object.entries(REPLIES).reduce<string[]>((names, [name, number]) => {
  names[number] = name;
  return names;
}, []);
/** Events that a guest may wait for, as it does for answers. The others come when they come. */
const AWAITED_EVENTS: ReadonlySet<number> = new Set([REPLIES['Event.welcome']]);
const DIFFERENCES_KEPT = 20;

/** An answer that came out otherwise. */
export interface ReplyDifference {
  readonly request: number;
  readonly captured: string;
  readonly replayed: string;
}

export interface ReplyTally {
  readonly equal: number;
  /** Of the same kind, with other words: an adapter says other things of itself. */
  readonly otherWords: number;
  /** Mapped bytes that differ. */
  readonly otherData: number;
  readonly otherKind: number;
  /** The first of those of another kind, and of those whose data differ. */
  readonly differences: readonly ReplyDifference[];
}

/** Answers as they were captured, against those of the replay: by request, in their order. */
export class ReplyLedger {
  readonly #replayed = new Map<string, CapturedReply[]>();
  /** Captured ones that the replay has not come to. */
  readonly #owed = new Map<string, CapturedReply[]>();
  readonly #differences: ReplyDifference[] = [];
  #owedCount = 0;
  #equal = 0;
  #otherWords = 0;
  #otherData = 0;
  #otherKind = 0;

  /** Whether every answer that the guest had had by now has been given. */
  get isEven(): boolean {
    return this.#owedCount === 0;
  }

  /** What is waited for, in words. */
  get owed(): string {
    const [first] = this.#owed.values();
    const reply = first?.[0];
    return reply === undefined ? 'nothing' : describe(reply);
  }

  tally(): ReplyTally {
    return { equal: this.#equal, otherWords: this.#otherWords, otherData: this.#otherData, otherKind: this.#otherKind, differences: this.#differences };
  }

  captured(reply: CapturedReply): void {
    this.#meet(reply, this.#replayed, this.#owed, 1, (other) => this.#compare(reply, other));
  }

  replayed(reply: CapturedReply): void {
    this.#meet(reply, this.#owed, this.#replayed, -1, (other) => this.#compare(other, reply));
  }

  /** Takes the other side's if it is there, or leaves this one for it. */
  #meet(reply: CapturedReply, others: Map<string, CapturedReply[]>, own: Map<string, CapturedReply[]>, owes: number, compare: (other: CapturedReply) => void): void {
    const key = keyOf(reply);
    if (key === null) return;
    const waiting = others.get(key);
    const other = waiting?.shift();
    if (waiting?.length === 0) others.delete(key);
    if (other === undefined) own.set(key, [...(own.get(key) ?? []), reply]);
    else compare(other);
    if (owes > 0 && other === undefined) this.#owedCount++;
    if (owes < 0 && other !== undefined) this.#owedCount--;
  }

  #compare(captured: CapturedReply, replayed: CapturedReply): void {
    if (captured.words[0] !== replayed.words[0]) {
      this.#otherKind++;
      this.#differ(captured, replayed, '');
    } else if (captured.regionBytes !== replayed.regionBytes || captured.regionChecksum !== replayed.regionChecksum || hasOtherData(captured, replayed)) {
      this.#otherData++;
      this.#differ(captured, replayed, ' with other data');
    } else if (captured.checksum !== replayed.checksum) this.#otherWords++;
    else this.#equal++;
  }

  #differ(captured: CapturedReply, replayed: CapturedReply, how: string): void {
    if (this.#differences.length >= DIFFERENCES_KEPT) return;
    this.#differences.push({ request: captured.words[REQUEST_WORD] as number, captured: nameOf(captured), replayed: nameOf(replayed) + how });
  }
}

/** Mapped bytes inside of the reply. */
function hasOtherData(captured: CapturedReply, replayed: CapturedReply): boolean {
  return captured.words[0] === REPLIES['Reply.data'] && captured.checksum !== replayed.checksum;
}

/** Null: not awaited by anybody. */
function keyOf({ words }: CapturedReply): string | null {
  const opcode = words[0] as number;
  if (AWAITED_EVENTS.has(opcode)) return `event ${opcode}`;
  return nameOf({ words }).startsWith('Reply.') ? `request ${words[REQUEST_WORD]}` : null;
}

function nameOf({ words }: Pick<CapturedReply, 'words'>): string {
  return NAMES[words[0] as number] ?? `reply ${words[0]}`;
}

function describe(reply: CapturedReply): string {
  return `${nameOf(reply)} of request ${reply.words[REQUEST_WORD]}`;
}
