import { GuestFault } from '@gpup/base';
import { HostStreamLink } from '@gpup/bus';
import { type Finding, findingOf } from '../finding.ts';
import type { Random } from '../input/random.ts';
import { EDGES } from '../input/values.ts';
import type { TallyTable } from '../tally-table.ts';
import type { Attempt, Case, StepLog, Target } from '../target.ts';
import { HandDuplex, HandScheduler } from './fake-platform.ts';
import { StreamModel } from './stream-model.ts';

interface StreamOptions {
  readonly packetWordsMax: number;
  readonly replyBacklogBytesMax: number;
}

const STEP_COUNT_MAX = 40;
const PROGRESS_BYTES = 8;

/** Bytes in any pieces, back-pressure in both directions, and the end at any moment. */
export class StreamTarget implements Target {
  readonly name = 'stream';
  readonly #tally: TallyTable;

  constructor(tally: TallyTable) {
    this.#tally = tally;
  }

  async attempt(random: Random, log: StepLog | null): Promise<Attempt> {
    const options: StreamOptions = { packetWordsMax: random.pick([8, 64, 4096]), replyBacklogBytesMax: random.pick([64, 4096]) };
    log?.begin(options);
    const world = new StreamWorld(options);
    const steps: string[] = [];
    const stepCount = 1 + random.below(STEP_COUNT_MAX);
    while (steps.length < stepCount && !world.isOver) {
      const step = think(random);
      steps.push(step);
      log?.step(step);
      world.perform(step);
      this.#tally.add(this.name, step.split(' ')[0] as string, world.faultCode ?? (world.isOver ? 'closed' : 'accepted'));
    }
    return { inputCount: steps.length, finding: world.finding, toCase: () => ({ options, steps }) };
  }

  async replay({ options, steps }: Case): Promise<Finding | null> {
    const world = new StreamWorld(options as StreamOptions);
    for (const step of steps) if (!world.isOver) world.perform(step);
    return world.finding;
  }
}

function think(random: Random): string {
  switch (random.below(12)) {
    case 0:
      return `bytes ${hexBytes(random, 1 + random.below(16))}`;
    case 1:
      return random.oneIn(8) ? 'end' : 'turn';
    case 2:
      return `room ${random.pick([0, 1, 3, 4, 7, 64, 4096]).toString(16)}`;
    case 3:
      return `reply ${(2 + random.below(random.pick([4, 100, 2000]))).toString(16)}`;
    case 4:
      return random.pick(['pause', 'resume']);
    case 5:
      return `sink ${random.pick(['pause', 'fault', 'reply', 'nothing'])}`;
    case 6:
      return 'progress';
    case 7:
      return 'turn';
    default:
      return `bytes ${packets(random)}`;
  }
}

/** Some packets, the last one cut off anywhere. */
function packets(random: Random): string {
  const words: number[] = [];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const length = 2 + random.below(random.pick([4, 8, 60]));
    words.push(random.below(64), random.oneIn(12) ? random.pick(EDGES) : length);
    for (let i = 2; i < length; i++) words.push(random.u32());
  }
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  const cut = random.oneIn(2) ? bytes : bytes.subarray(0, 1 + random.below(bytes.length));
  return Buffer.from(cut).toString('hex');
}

function hexBytes(random: Random, count: number): string {
  return Buffer.from(Uint8Array.from({ length: count }, () => random.below(random.pick([4, 256])))).toString('hex');
}

/** A host's end of a byte stream with everything in the fuzzer's hands. */
class StreamWorld {
  readonly #duplex = new HandDuplex();
  readonly #scheduler = new HandScheduler();
  readonly #link: HostStreamLink;
  readonly #model: StreamModel;
  readonly #options: StreamOptions;
  finding: Finding | null = null;
  faultCode: string | null = null;
  #isClosed = false;
  #isPaused = false;
  #row = '';
  #dueFault: string | null = null;
  /** Bytes that arrived and make no whole word yet. */
  #loose: number[] = [];
  /** Bytes on the socket while the host does not read. */
  #unread: number[] = [];
  readonly #sinkActs: string[] = [];
  #queuedBytes = 0;
  #isProgressWaiting = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    this.#model = new StreamModel(options.packetWordsMax);
    this.#link = new HostStreamLink({ duplex: this.#duplex, scheduler: this.#scheduler, ...options });
    this.#link.onPacket = (words, begin, end) => this.#received(words.slice(begin, end));
    this.#link.onFault = (fault) => this.#faulted(fault.code);
    this.#link.onClose = () => {
      this.#isClosed = true;
    };
  }

  get isOver(): boolean {
    return this.finding !== null || this.#isClosed || this.faultCode !== null;
  }

  perform(step: string): void {
    const [verb = '', argument = ''] = step.split(' ');
    this.#row = verb;
    try {
      this.#act(verb, argument);
      this.#deliver();
    } catch (error) {
      if (error instanceof GuestFault) this.#faulted(error.code);
      else this.finding ??= findingOf('bug', verb, error);
    }
    if (this.finding === null && this.faultCode === null && this.#dueFault !== null) this.#wrong(`The link goes on, a fault ${this.#dueFault} was due.`);
  }

  #wrong(message: string): void {
    this.finding ??= { kind: 'stream', row: this.#row, message };
  }

  #act(verb: string, argument: string): void {
    switch (verb) {
      case 'bytes':
        this.#unread.push(...Buffer.from(argument, 'hex'));
        return;
      case 'end':
        return this.#duplex.onEnd('ended');
      case 'room':
        this.#duplex.roomBytes = Number.parseInt(argument, 16) || 0;
        this.#duplex.onWritable();
        return this.#checkWritten();
      case 'reply':
        return this.#reply(Math.max(2, (Number.parseInt(argument, 16) || 0) % 4096));
      case 'progress':
        return this.#progress();
      case 'pause':
      case 'resume':
        return this.#setPaused(verb === 'pause');
      case 'sink':
        this.#sinkActs.push(argument);
        return;
      default:
        return this.#turn();
    }
  }

  /** As a socket does: only while the host reads. */
  #deliver(): void {
    while (this.#unread.length > 0 && this.#duplex.isReading && !this.isOver) {
      const chunk = this.#unread.splice(0, 64);
      this.#loose.push(...chunk);
      const whole = this.#loose.splice(0, this.#loose.length & ~3);
      this.#model.add(new Uint32Array(Uint8Array.from(whole).buffer));
      this.#duplex.onBytes(Uint8Array.from(chunk));
      if (!this.isOver && !this.#isPaused && this.#scheduler.isIdle) this.#checkDelivered();
    }
  }

  #turn(): void {
    this.#scheduler.nowMsValue += 1;
    this.#scheduler.turn();
    if (!this.isOver && !this.#isPaused && this.#scheduler.isIdle) this.#checkDelivered();
  }

  #checkDelivered(): void {
    if (this.#model.due.length > 0 || this.#model.fault !== null) {
      this.#wrong(`The link waits with ${this.#model.due.length} packets undelivered and the fault ${this.#model.fault ?? 'none'} unreported.`);
    }
  }

  #received(packet: Uint32Array): void {
    const difference = this.isOver ? 'A packet is delivered after the end.' : this.#model.delivered(packet);
    if (difference !== null) this.#wrong(difference);
    const act = this.#sinkActs.shift();
    if (act === 'pause') this.#setPaused(true);
    if (act === 'reply') this.#reply(20);
    if (act !== 'fault') return;
    this.#dueFault ??= 'sink';
    throw new GuestFault('sink', 'by the fuzzer');
  }

  #setPaused(isPaused: boolean): void {
    this.#isPaused = isPaused;
    if (isPaused) this.#link.pause();
    else this.#link.resume();
  }

  #reply(wordCount: number): void {
    if (this.isOver) return;
    this.#checkWritten();
    const waitingWords = Math.ceil(this.#queuedBytes / 4);
    if (waitingWords > 0 && (waitingWords + wordCount) * 4 > this.#options.replyBacklogBytesMax) this.#dueFault ??= 'reply-backlog';
    else this.#queuedBytes += wordCount * 4;
    this.#link.send(new Uint32Array(wordCount).fill(wordCount), 0, wordCount);
    if (this.#dueFault === 'reply-backlog') this.#wrong('A reply is taken beyond the backlog.');
    this.#checkWritten();
  }

  /** News of progress waits behind a backlog without being part of it. */
  #progress(): void {
    this.#isProgressWaiting = this.#queuedBytes > 0;
    if (!this.#isProgressWaiting) this.#queuedBytes += PROGRESS_BYTES;
    this.#link.publishCompleted(7);
    this.#checkWritten();
  }

  /** What has gone no longer waits; what waited behind it goes next. */
  #checkWritten(): void {
    const writtenBytes = this.#duplex.written.length;
    this.#duplex.written.length = 0;
    if (this.#isProgressWaiting && writtenBytes >= this.#queuedBytes) {
      this.#isProgressWaiting = false;
      this.#queuedBytes += PROGRESS_BYTES;
    }
    this.#queuedBytes -= writtenBytes;
    if (this.#queuedBytes < 0) this.#wrong(`${-this.#queuedBytes} bytes are written that were not sent.`);
  }

  #faulted(code: string): void {
    const expected = this.#dueFault ?? (this.#model.due.length === 0 ? this.#model.fault : null);
    this.faultCode = code;
    if (code !== expected) this.#wrong(`The link faults with ${code}, expected ${expected ?? 'nothing'}.`);
  }
}
