import { Gate, type Turn, type TurnReport } from './gate.ts';
import { OUT_OF_ORDER_US, SCHEDULER_LIMITS } from './limits.ts';
import { Party } from './party.ts';
import { type SchedulingTerms, promisedShare, weightsOf } from './policy.ts';
import { RunningTurn } from './running-turn.ts';
import { VirtualTimes } from './virtual-times.ts';

export interface TurnSchedulerOptions {
  /** The monotonic clock, which VFs read as well. */
  readonly nowUs: () => number;
  /** Tells the VF of a context what its turn is. */
  readonly grant: (context: number, turn: Turn) => void;
  /** Tells it that there are no turns. */
  readonly free: (context: number) => void;
  /** Asks for a call of `wake` then, or later, instead of any that was asked for before. Infinity: for none. */
  readonly wakeAt: (us: number) => void;
  /** What is known of a context that has not said that its turn is over. */
  readonly signsOf: (context: number) => Signs;
  /** It has held the adapter for so long beyond its turn. It has no part in any turn from now on. */
  readonly overran: (context: number, beyondUs: number) => void;
}

/**
 * A VF that executes a long command (a compiler) says nothing meanwhile, and submits nothing. `finished`: by its own word
 * nothing is unfinished, which is as good as saying that the turn is over. `unaware`: it has been inside of one command for
 * so long that nobody waits for it.
 */
export type Signs = 'finished' | 'unfinished' | 'unaware';

/**
 * `free`: all gates are. `alert`: only those of interactive partitions are not, so that the host hears when they want the
 * adapter. `turns`: nobody submits without one.
 */
type Mode = 'free' | 'alert' | 'turns';

/**
 * Who may submit to one adapter, and when. Contexts are named by numbers, partitions by their names. Invariants:
 *   - In mode `turns` the contexts of one partition at most are let in. The next one follows when all of them have said
 *     that everything is finished, have ended, or are ousted.
 *   - A context is let into a turn only if it has said that a submit waits, and once: one that has nothing to do costs
 *     nothing, and one that lies gains no more than its turn.
 *   - Who is next is decided by the time for which partitions held the adapter, by the host's clock. What VFs say decides
 *     only when that time ends.
 */
export class TurnScheduler {
  readonly #options: TurnSchedulerOptions;
  readonly #times = new VirtualTimes();
  readonly #parties = new Map<string, Party>();
  readonly #gates = new Map<number, { readonly gate: Gate; readonly party: Party }>();
  #terms: SchedulingTerms;
  #mode: Mode = 'free';
  #turn: RunningTurn | null = null;
  #serial = 0;
  /** Turns wait for those that were free before to finish: until then at most. */
  #isBeginning = false;
  #emptyingUntilUs = 0;
  /** Who has turns at all. */
  #weights: ReadonlyMap<string, number> = new Map();
  /** Since when nobody has wanted anything, where turns pass unused. */
  #restingSinceUs: number | null = null;
  /** When an interactive partition last wanted or had the adapter. */
  #urgentUs = Number.NEGATIVE_INFINITY;
  #beyondUs = 0;
  #lookedUs = 0;
  /** When anything was heard, or looked at, last. */
  #awakeUs: number;

  constructor(terms: SchedulingTerms, options: TurnSchedulerOptions) {
    this.#terms = terms;
    this.#options = options;
    this.#awakeUs = options.nowUs();
    for (const name of terms.partitions.keys()) this.#partyOf(name);
  }

  get terms(): SchedulingTerms {
    return this.#terms;
  }

  /** Whether somebody may have to wait. */
  get givesTurns(): boolean {
    return this.#mode === 'turns';
  }

  /** The adapter is shared on these terms from now on. Partitions that are not in them have no contexts any more. */
  setTerms(terms: SchedulingTerms): void {
    this.#terms = terms;
    for (const name of terms.partitions.keys()) this.#partyOf(name);
    this.#changed();
  }

  /** A context has a VF, which submits what it likes until it has read that there are turns. */
  contextBegins(context: number, partition: string): void {
    const outlet = { nextSerial: () => ++this.#serial, grant: this.#options.grant, free: this.#options.free };
    const party = this.#partyOf(partition);
    const gate = new Gate(context, outlet);
    party.gates.add(gate);
    this.#gates.set(context, { gate, party });
    this.#changed();
  }

  contextEnded(context: number): void {
    const { gate, party } = this.#gates.get(context) ?? {};
    if (gate === undefined || party === undefined) return;
    this.#gates.delete(context);
    party.gates.delete(gate);
    this.#turn?.remove(gate);
    this.#changed();
  }

  /** What its VF says. */
  hear(context: number, report: TurnReport): void {
    const { gate, party } = this.#gates.get(context) ?? {};
    if (gate === undefined || party === undefined) return;
    gate.hear(report);
    this.#advance();
  }

  /** The time has come that was asked for. */
  wake(): void {
    this.#advance();
  }

  /**
   * Several times a second, after everything has been heard that VFs have said: ousts those that hold the adapter for longer
   * beyond their turn than they may. Only time counts in which this is called: nobody is blamed for a host that stood still.
   */
  look(beyondUsMax: (context: number) => number): void {
    const nowUs = this.#now();
    const stepUs = Math.min(nowUs - this.#lookedUs, SCHEDULER_LIMITS.lookUsMax);
    this.#lookedUs = nowUs;
    const turn = this.#turn;
    if (turn === null || turn.isVacant || nowUs <= turn.untilUs) return;
    // What is still to be finished of before there were turns is in their way.
    if (this.#isEmptying && nowUs < this.#emptyingUntilUs + SCHEDULER_LIMITS.emptyingGraceUs) return;
    this.#beyondUs = Math.min(this.#beyondUs + stepUs, nowUs - turn.untilUs);
    for (const gate of turn.holders) {
      if (this.#beyondUs <= beyondUsMax(gate.context)) continue;
      gate.oust();
      this.#options.overran(gate.context, this.#beyondUs);
    }
    this.#advance();
  }

  /** For how long the contexts of a partition have held the adapter in turns. */
  heldUs(partition: string): number {
    const held = this.#parties.get(partition)?.heldUs ?? 0;
    return this.#turn?.name === partition ? held + this.#turn.heldUs(this.#options.nowUs()) : held;
  }

  /** For how long it has held the adapter beyond its share: it has no turn before the others have had theirs of that time. */
  owedUs(partition: string): number {
    return this.#mode === 'turns' ? this.#times.aheadUs(partition) : 0;
  }

  turnCount(partition: string): number {
    return this.#parties.get(partition)?.turnCount ?? 0;
  }

  promisedShare(partition: string): number | null {
    return promisedShare(this.#terms, this.#running(), partition);
  }

  #partyOf(name: string): Party {
    const party = this.#parties.get(name) ?? new Party(name);
    this.#parties.set(name, party);
    return party;
  }

  #running(): ReadonlySet<string> {
    return new Set([...this.#parties.values()].filter(({ isRunning }) => isRunning).map(({ name }) => name));
  }

  #isInteractive(name: string): boolean {
    return this.#terms.partitions.get(name)?.isInteractive ?? false;
  }

  /** Of those that run. */
  get #isAnyInteractive(): boolean {
    for (const { name, isRunning } of this.#parties.values()) if (isRunning && this.#isInteractive(name)) return true;
    return false;
  }

  /** It says so once: whoever then frees the others while it waits would leave it waiting for ever. */
  get #isInteractiveWaiting(): boolean {
    for (const { name, waits } of this.#parties.values()) if (waits && this.#isInteractive(name)) return true;
    return false;
  }

  /** Also for longer than everybody is quiet for: what it has begun is waited for. */
  get #isInteractiveHolding(): boolean {
    return this.#turn !== null && !this.#turn.isVacant && this.#isInteractive(this.#turn.name);
  }

  get #givesAway(): boolean {
    return this.#terms.policy === 'best-effort';
  }

  /** Other terms, or other contexts. */
  #changed(): void {
    for (const [name, party] of this.#parties) {
      if (party.isRunning || this.#terms.partitions.has(name)) continue;
      this.#parties.delete(name);
      this.#times.forget(name);
    }
    this.#weights = weightsOf(this.#terms, this.#running());
    const nowUs = this.#now();
    if (!this.#follow(this.#modeAt(nowUs), nowUs)) this.#setGates();
    this.#advance();
  }

  /** What a host has missed while it stood still is charged to nobody: it did not hear that somebody's turn was over. */
  #now(): number {
    const nowUs = this.#options.nowUs();
    const excusedUs = nowUs - this.#awakeUs - SCHEDULER_LIMITS.lookUsMax;
    this.#awakeUs = nowUs;
    if (excusedUs <= 0) return nowUs;
    this.#turn?.excuse(excusedUs);
    for (const party of this.#parties.values()) party.excuse(excusedUs);
    return nowUs;
  }

  /** Brings everything up to what is known now. Each entry ends here. */
  #advance(): void {
    const nowUs = this.#now();
    this.#follow(this.#modeAt(nowUs), nowUs);
    if (this.#mode === 'turns') this.#advanceTurns(nowUs);
    this.#options.wakeAt(this.#nextWakeUs(nowUs));
  }

  #modeAt(nowUs: number): Mode {
    if (this.#isInteractiveWaiting || this.#isInteractiveHolding) this.#urgentUs = nowUs;
    const running = [...this.#parties.values()].filter(({ isRunning }) => isRunning);
    if (running.length === 0) return 'free';
    // One that has all of it shares with nobody, unless somebody runs who has nothing.
    if (!this.#givesAway) return this.#weights.size < 2 && running.every(({ name }) => this.#weights.has(name)) ? 'free' : 'turns';
    if (running.length < 2 || !this.#isAnyInteractive) return 'free';
    return nowUs < this.#urgentUs + SCHEDULER_LIMITS.calmUs ? 'turns' : 'alert';
  }

  /** Whether it is another mode. */
  #follow(mode: Mode, nowUs: number): boolean {
    if (mode === this.#mode) return false;
    if (this.#turn !== null) this.#finish(this.#turn, nowUs);
    this.#restingSinceUs = null;
    this.#mode = mode;
    if (mode === 'turns') this.#beginTurns(nowUs);
    else this.#endTurns();
    return true;
  }

  #beginTurns(nowUs: number): void {
    this.#isBeginning = true;
    this.#emptyingUntilUs = nowUs + SCHEDULER_LIMITS.emptyingUsMax;
    // From here on each of them can be charged.
    this.#times.compete(this.#weights);
    for (const party of this.#parties.values()) party.empty(nowUs);
  }

  #endTurns(): void {
    for (const party of this.#parties.values()) party.forgetEmptying();
    this.#setGates();
  }

  /** As the mode has them. A context that comes while there are turns has none before it has finished what it could begin. */
  #setGates(): void {
    for (const { gate, party } of this.#gates.values()) {
      if (this.#mode === 'free' || (this.#mode === 'alert' && !this.#isInteractive(party.name))) gate.free();
      else if (gate.state === 'free' || this.#mode === 'alert') gate.close();
    }
  }

  #advanceTurns(nowUs: number): void {
    this.#forgetSilent(nowUs);
    this.#chargeEmptied(nowUs);
    this.#isBeginning &&= this.#isEmptying && nowUs < this.#emptyingUntilUs;
    if (this.#isBeginning) return;
    for (;;) {
      if (this.#turn !== null) {
        this.#steer(this.#turn, nowUs);
        if (!this.#turn.hasEnded(nowUs)) return;
        this.#finish(this.#turn, nowUs);
      }
      this.#turn = this.#nextTurn(nowUs);
      if (this.#turn === null) return;
    }
  }

  get #isEmptying(): boolean {
    for (const { isEmptying } of this.#parties.values()) if (isEmptying) return true;
    return false;
  }

  /** A VF that is inside of a compiler hears of turns when it is out of there, and may have had nothing on the adapter at all. */
  #forgetSilent(nowUs: number): void {
    for (const party of this.#parties.values())
      for (const gate of party.silentSince(nowUs)) if (this.#options.signsOf(gate.context) === 'finished') party.emptied(gate);
  }

  /** What was submitted before there were turns is charged for like a turn. */
  #chargeEmptied(nowUs: number): void {
    for (const party of this.#parties.values()) {
      const emptiedUs = party.emptiedUs(nowUs);
      if (emptiedUs !== null) this.#times.charge(party.name, emptiedUs);
    }
  }

  #steer(turn: RunningTurn, nowUs: number): void {
    if (!this.#weights.has(turn.name)) turn.end(nowUs);
    if (!turn.isTold && nowUs < turn.untilUs) turn.letIn(this.#parties.get(turn.name)?.gates ?? [], nowUs);
    if (this.#isToCede(turn, nowUs)) turn.end(nowUs);
    if (nowUs >= turn.grantedUntilUs + SCHEDULER_LIMITS.silentUs) this.#endWithoutSilent(turn, nowUs);
  }

  /** Their time is up, also by their own clock: they submit nothing more, whatever they are doing. */
  #endWithoutSilent(turn: RunningTurn, nowUs: number): void {
    for (const gate of turn.holders) {
      const signs = this.#options.signsOf(gate.context);
      if (signs === 'unfinished') continue;
      turn.remove(gate);
      if (signs === 'unaware') this.#parties.get(turn.name)?.awaitEmpty(gate, nowUs);
    }
  }

  #isToCede(turn: RunningTurn, nowUs: number): boolean {
    const isUrgentItself = this.#isInteractive(turn.name) && !turn.isVacant;
    if (!isUrgentItself && this.#urgent(turn.name, nowUs) !== null) return true;
    if (!turn.yields || !turn.isIdle) return false;
    return !this.#givesAway || this.#waiting(nowUs).some(({ name }) => name !== turn.name);
  }

  /** Those that can be given a turn and want one. */
  #waiting(nowUs: number): readonly Party[] {
    return [...this.#parties.values()].filter((party) => party.waits && !party.isEmptying && this.#weights.has(party.name) && nowUs >= party.restsUntilUs);
  }

  /** The interactive partition, but for one, that comes before those whose turn it is: as long as it is not ahead of its share. */
  #urgent(except: string | null, nowUs: number): string | null {
    const candidates = this.#waiting(nowUs)
      .filter(({ name }) => name !== except && this.#isInteractive(name) && this.#times.aheadUs(name) <= this.#terms.sliceUs)
      .sort((one, other) => this.#times.aheadUs(one.name) - this.#times.aheadUs(other.name));
    return candidates[0]?.name ?? null;
  }

  #nextTurn(nowUs: number): RunningTurn | null {
    const waiting = this.#waiting(nowUs);
    if (waiting.length === 0) {
      this.#restingSinceUs ??= nowUs;
      return null;
    }
    const names = new Set(waiting.map(({ name }) => name));
    this.#times.compete(this.#competing(names));
    if (this.#restingSinceUs !== null && !this.#givesAway) this.#times.pass(nowUs - this.#restingSinceUs);
    this.#restingSinceUs = null;
    const inOrder = this.#times.next((name) => names.has(name));
    const name = this.#urgent(null, nowUs) ?? inOrder;
    if (name === null) return null;
    this.#times.turnBegins(name);
    const isOutOfOrder = name !== inOrder;
    const yields = this.#givesAway || isOutOfOrder;
    return new RunningTurn({ name, startUs: nowUs, untilUs: nowUs + this.#turnUs(name, yields), yields, isOutOfOrder });
  }

  /**
   * Where turns are not given away it is known who is next: nobody else is, as long as this one is owed more than a slice. But
   * as much as a turn has room for may be on its way to the adapter, and an interactive partition would have to wait for it.
   */
  #turnUs(name: string, yields: boolean): number {
    const { sliceUs } = this.#terms;
    if (yields || this.#isAnyInteractive) return sliceUs;
    return Math.max(sliceUs, Math.min(this.#times.leadUs(name), SCHEDULER_LIMITS.slicesPerTurnMax * sliceUs));
  }

  /** Whoever has nothing to do has turns all the same, unless the policy gives them away. */
  #competing(waiting: ReadonlySet<string>): ReadonlyMap<string, number> {
    const isIn = (name: string): boolean => (this.#givesAway ? waiting.has(name) : this.#parties.get(name)?.isEmptying !== true);
    return new Map([...this.#weights].filter(([name]) => isIn(name)));
  }

  #finish(turn: RunningTurn, nowUs: number): void {
    this.#turn = null;
    this.#beyondUs = 0;
    this.#times.charge(turn.name, turn.chargedUs(nowUs) + (turn.isOutOfOrder ? OUT_OF_ORDER_US : 0));
    if (this.#isInteractive(turn.name)) this.#urgentUs = nowUs;
    const party = this.#parties.get(turn.name);
    const heldUs = turn.heldUs(nowUs);
    if (party === undefined || heldUs === 0) return;
    if (turn.yields) party.restsUntilUs = turn.startUs + SCHEDULER_LIMITS.yieldedUsMin;
    party.heldUs += heldUs;
    party.turnCount += 1;
  }

  #nextWakeUs(nowUs: number): number {
    if (this.#mode !== 'turns') return Number.POSITIVE_INFINITY;
    const times = [
      this.#isBeginning ? this.#emptyingUntilUs : Number.POSITIVE_INFINITY,
      ...[...this.#parties.values()].map(({ emptyingUntilUs, silentFromUs }) => Math.min(emptyingUntilUs, silentFromUs)),
      ...[...this.#parties.values()].filter(({ waits, restsUntilUs }) => waits && restsUntilUs > nowUs).map(({ restsUntilUs }) => restsUntilUs),
      this.#turn === null ? Number.POSITIVE_INFINITY : wakeForUs(this.#turn, nowUs),
      this.#givesAway ? this.#urgentUs + SCHEDULER_LIMITS.calmUs : Number.POSITIVE_INFINITY,
    ];
    return Math.min(...times);
  }
}

/** Nobody else ends a turn that nobody uses; others end by what is said of them, or not said. */
function wakeForUs(turn: RunningTurn, nowUs: number): number {
  if (turn.isVacant) return turn.untilUs;
  const silentFromUs = turn.grantedUntilUs + SCHEDULER_LIMITS.silentUs;
  return nowUs < silentFromUs ? silentFromUs : nowUs + SCHEDULER_LIMITS.silentAgainUs;
}
