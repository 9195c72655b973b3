import { HEADER } from '@gpup/bus';
import type { Finding } from '../finding.ts';
import type { Random } from '../input/random.ts';
import { EDGES } from '../input/values.ts';
import type { Attempt, Case, StepLog, Target } from '../target.ts';
import type { TallyTable } from '../tally-table.ts';
import { RING_BYTES, RingWorld, type RingWorldOptions } from './ring-world.ts';

const RING_WORDS = RING_BYTES / 4;
const STEP_COUNT_MAX = 48;
const WORDS_OF_HEADER: readonly number[] = Object.values(HEADER);

/** The index words and sleeping words of the header, the rings, and what changes between two reads of them. */
export class RingTarget implements Target {
  readonly name = 'ring';
  readonly #tally: TallyTable;

  constructor(tally: TallyTable) {
    this.#tally = tally;
  }

  async attempt(random: Random, log: StepLog | null): Promise<Attempt> {
    const options: RingWorldOptions = {
      position: random.oneIn(2) ? 0 : random.pick([2 ** 32 - 8, 2 ** 32 - RING_WORDS, 2 ** 31 - 4, random.u32()]),
      packetWordsMax: random.pick([8, 64, RING_WORDS, 4 * RING_WORDS]),
      replyBacklogBytesMax: random.pick([64, 4096, 16384]),
    };
    log?.begin(options);
    const world = new RingWorld(options);
    const steps: string[] = [];
    const stepCount = 1 + random.below(STEP_COUNT_MAX);
    while (steps.length < stepCount && !world.isOver) {
      const step = think(random, world);
      steps.push(step);
      log?.step(step);
      perform(world, step);
      this.#tally.add(this.name, step.split(' ')[0] as string, outcomeOf(world));
    }
    world.end();
    return { inputCount: steps.length, finding: world.finding, toCase: () => ({ options, steps }) };
  }

  async replay({ options, steps }: Case): Promise<Finding | null> {
    const world = new RingWorld(options as RingWorldOptions);
    for (const step of steps) {
      if (world.isOver) break;
      perform(world, step);
    }
    world.end();
    return world.finding;
  }
}

function outcomeOf(world: RingWorld): string {
  return world.faultCode ?? (world.isOver ? 'closed' : 'accepted');
}

/** One thing that a guest, or the host's own event loop, does next. Numbers are hexadecimal. */
function think(random: Random, world: RingWorld): string {
  switch (random.below(20)) {
    case 0:
    case 1:
    case 2:
    case 3:
      return packetStep(random, 2 + random.below(random.pick([8, 8, 60, 1000])));
    case 4:
      return packetStep(random, random.pick([0, 1, 2, 7, 8, 9, 63, 64, 65, 1023, 1024, 1025, 4096, 4097, 2 ** 31, 2 ** 32 - 1]), 1 + random.below(8));
    case 5:
      return `words ${hex(random.below(RING_WORDS))} ${someWords(random, 1 + random.below(6))}`;
    case 6:
      return `tail+ ${hex(random.pick([1, 2, 3, RING_WORDS - 1, RING_WORDS, RING_WORDS + 1, RING_WORDS + 2, random.below(2 * RING_WORDS), 2 ** 31, 2 ** 32 - 1, random.u32()]))}`;
    case 7:
      return `head+ ${hex(random.pick([0, 1, 2, RING_WORDS, RING_WORDS + 1, random.below(2 * RING_WORDS), 2 ** 32 - 1, random.u32()]))}`;
    case 8:
      return 'read-replies';
    case 9:
      return `set ${hex(random.pick(WORDS_OF_HEADER))} ${hex(random.oneIn(2) ? random.pick(EDGES) : random.u32())}`;
    case 10:
      return flipStep(random, world);
    case 11:
      return `flip-word ${hex(random.pick(EDGES))}`;
    case 12:
      return `reply ${hex(2 + random.below(random.pick([8, 200, 3000])))}`;
    case 13:
      return `sink ${random.pick(['nothing', 'pause', 'fault', `reply ${2 + random.below(100)}`, `reply ${2 + random.below(3000)}`])}`;
    case 14:
      return random.oneIn(2) ? 'resume' : 'pause';
    case 15:
    case 16:
      return 'ring';
    case 17:
      return random.oneIn(16) ? 'gone' : 'resume';
    default:
      return `turn ${random.pick(['0', '1', '64'])}`;
  }
}

function packetStep(random: Random, length: number, wordCount = length): string {
  return `packet ${hex(length)} ${someWords(random, Math.max(0, Math.min(wordCount, 2 * RING_WORDS) - 2))}`.trimEnd();
}

/** The index is legal when it is first read; the second time it is not. */
function flipStep(random: Random, world: RingWorld): string {
  const index = random.pick([HEADER.commandTail, HEADER.commandTail, HEADER.replyHead, HEADER.guestSleeping]);
  const now = (world.control[index] as number) >>> 0;
  return `flip ${hex(index)} ${hex((now + random.pick([1, RING_WORDS + 1, 2 * RING_WORDS, 2 ** 31, 2 ** 32 - 1])) >>> 0)}`;
}

function someWords(random: Random, count: number): string {
  return Array.from({ length: count }, () => hex(random.oneIn(3) ? random.u32() : random.below(256))).join(' ');
}

function hex(value: number): string {
  return value.toString(16);
}

function perform(world: RingWorld, step: string): void {
  const [verb = '', ...rest] = step.split(' ');
  const numbers = rest.map((word) => Number.parseInt(word, 16) >>> 0);
  const [first = 0, second = 0] = numbers;
  world.act(verb, () => {
    switch (verb) {
      case 'packet':
        return publish(world, [numbers[0] === undefined ? 0 : 1, first, ...numbers.slice(1)]);
      case 'words':
        return place(world, first, numbers.slice(1));
      case 'tail+':
        return move(world, HEADER.commandTail, first);
      case 'head+':
        return move(world, HEADER.replyHead, first);
      case 'read-replies':
        world.control[HEADER.replyHead] = world.publishedReplyTail | 0;
        return undefined;
      case 'set':
        world.control[first % world.control.length] = second | 0;
        return undefined;
      case 'flip':
        return world.flipAfterRead(first, second);
      case 'flip-word':
        return world.flipWordAfterRead(first);
      case 'reply':
        return world.reply(Math.max(2, first % 8192));
      case 'sink':
        world.sinkActs.push(sinkAct(rest));
        return undefined;
      default:
        return turnOrRing(world, verb, first);
    }
  });
}

function sinkAct([act, count]: readonly string[]): RingWorld['sinkActs'][number] {
  if (act === 'reply') return `reply ${Math.max(2, Number(count ?? 2) || 2)}`;
  return act === 'pause' || act === 'fault' ? act : 'nothing';
}

function turnOrRing(world: RingWorld, verb: string, first: number): void {
  if (verb === 'pause' || verb === 'resume') return world.pause(verb === 'pause');
  if (verb === 'ring') return world.ring();
  if (verb === 'gone') return world.peerGone();
  world.turn(first);
}

/** Words behind the tail, and the tail behind them: also more of them than fit. */
function publish(world: RingWorld, words: readonly number[]): void {
  place(world, 0, words);
  move(world, HEADER.commandTail, Math.min(words.length, RING_WORDS));
}

function place({ control, commandRing }: RingWorld, offset: number, words: readonly number[]): void {
  const tail = (control[HEADER.commandTail] as number) >>> 0;
  for (const [index, word] of words.entries()) commandRing[(tail + offset + index) % RING_WORDS] = word;
}

/** Not by Atomics: these stores are the guest's. */
function move({ control }: RingWorld, index: number, by: number): void {
  control[index] = ((control[index] as number) + by) | 0;
}
