import { decodeGuestLine, isReason, PROTOCOL } from '@gpup/pf/control-protocol';
import { LineBuffer } from '@gpup/os/line-buffer';
import { CONTEXT_ID_MAX, decodeHello, decodeVfLine, HELLO_BYTES_MAX, VF_LINE_BYTES_MAX } from '@gpup/vf/boot';
import { PF_LIMITS } from '@gpup/pf';
import { type Finding, findingOf } from '../finding.ts';
import type { Random } from '../input/random.ts';
import type { TallyTable } from '../tally-table.ts';
import type { Attempt, Case, StepLog, Target } from '../target.ts';

interface LinesOptions {
  /** Who writes the lines: a guest on its control connection, a VF on its own, or a VF that a host process before has left. */
  readonly peer: 'guest' | 'vf' | 'left-vf';
}

const LINE_BYTES_MAX: Readonly<Record<LinesOptions['peer'], number>> = {
  guest: PF_LIMITS.guestLineBytesMax,
  vf: VF_LINE_BYTES_MAX,
  'left-vf': HELLO_BYTES_MAX,
};

const STEP_COUNT_MAX = 12;

/** What the host process reads: lines of guests and of VFs, in pieces of any size. */
export class LinesTarget implements Target {
  readonly name = 'lines';
  readonly #tally: TallyTable;

  constructor(tally: TallyTable) {
    this.#tally = tally;
  }

  async attempt(random: Random, log: StepLog | null): Promise<Attempt> {
    const options: LinesOptions = { peer: random.pick(['guest', 'guest', 'vf', 'left-vf'] as const) };
    log?.begin(options);
    const reading = new LineReading(options.peer);
    const steps: string[] = [];
    const bytes = thinkOfLines(random, options.peer);
    for (let at = 0; at < bytes.length && steps.length < STEP_COUNT_MAX && !reading.isOver; ) {
      const end = random.oneIn(3) ? bytes.length : at + 1 + random.below(random.pick([2, 64, 1024, 5000]));
      const step = bytes.subarray(at, end).toString('hex');
      steps.push(step);
      log?.step(step);
      reading.take(Buffer.from(step, 'hex'));
      at = end;
    }
    for (const outcome of reading.outcomes) this.#tally.add(this.name, options.peer, outcome);
    return { inputCount: Math.max(1, reading.outcomes.length), finding: reading.finding, toCase: () => ({ options, steps }) };
  }

  async replay({ options, steps }: Case): Promise<Finding | null> {
    const reading = new LineReading((options as LinesOptions).peer);
    for (const step of steps) if (!reading.isOver) reading.take(Buffer.from(step, 'hex'));
    return reading.finding;
  }
}

const VALID: Readonly<Record<LinesOptions['peer'], readonly object[]>> = {
  guest: [
    { type: 'open', protocol: PROTOCOL, transport: 'aperture', pid: 1234 },
    { type: 'open', protocol: { major: 1, minor: 7 }, transport: 'stream', pid: 1 },
    { type: 'attach', token: '0123456789abcdef'.repeat(4) },
  ],
  vf: [
    { type: 'ready' },
    { type: 'fault', code: 'ring-index', message: 'Ring tail (7) …' },
    { type: 'pong', serial: 3 },
    { type: 'allocations', request: 4, allocations: [{ label: 'a', kind: 'buffer', bytes: 64 }, { label: '', kind: 'texture', bytes: 0 }] },
  ],
  'left-vf': [
    {
      type: 'hello', protocol: { major: 1, minor: 0 }, vfId: '0123456789abcdef', pid: 7, startTicks: 8, isReady: true,
      context: { contextId: 9, partition: 'small', adapter: 'software-0', guestPid: 10, openedMs: 11 }, page: { slotIndex: 12 },
    },
  ],
};

const ODD_VALUES: readonly string[] = [
  'null', 'true', '0', '-1', '1.5', '1e999', '-0', '9007199254740993', '""', '"open"', '[]', '{}', '[[[[]]]]', '"\\u0000"', '"\\ud800"', '{"__proto__":{"type":"open"}}', '"aperture"', '2',
];

function thinkOfLines(random: Random, peer: LinesOptions['peer']): Buffer {
  const lineMax = LINE_BYTES_MAX[peer];
  const parts: Buffer[] = [];
  for (let count = 1 + random.below(4); count > 0; count--) {
    parts.push(thinkOfLine(random, peer, lineMax));
    if (!random.oneIn(12)) parts.push(Buffer.from(random.oneIn(12) ? '\r\n' : '\n'));
  }
  return Buffer.concat(parts);
}

function thinkOfLine(random: Random, peer: LinesOptions['peer'], lineMax: number): Buffer {
  const text = JSON.stringify(random.pick(VALID[peer]));
  switch (random.below(9)) {
    case 0:
      return Buffer.from(text);
    case 1:
      return Buffer.from(withOddValue(random, text));
    case 2:
      return Buffer.from(text.replace(random.pick(['type', 'protocol', 'token', 'pid', 'code', 'major']), random.pick(['__proto__', 'constructor', 'x', ''])));
    case 3:
      return flipBytes(random, Buffer.from(text));
    case 4:
      return Buffer.from(Uint8Array.from({ length: random.below(64) }, () => random.u32()));
    case 5:
      return Buffer.alloc(lineMax + random.pick([-2, -1, 0, 1, 2, 4096]), random.pick(['a', ' ', '[', '{"a":']));
    case 6:
      return Buffer.concat([Buffer.from(text), Buffer.alloc(Math.max(0, lineMax - text.length + random.pick([-2, -1, 0, 1])), ' ')]);
    case 7:
      return Buffer.from(text.slice(0, random.below(text.length)));
    default:
      return Buffer.from(random.pick(ODD_VALUES));
  }
}

function withOddValue(random: Random, text: string): string {
  const values = [...text.matchAll(/:("[^"]*"|\d+|\{[^}]*\})/g)];
  const { index, 1: value = '' } = random.pick(values) as RegExpExecArray;
  return `${text.slice(0, index + 1)}${random.pick(ODD_VALUES)}${text.slice(index + 1 + value.length)}`;
}

function flipBytes(random: Random, bytes: Buffer): Buffer {
  for (let count = 1 + random.below(3); count > 0; count--) bytes[random.below(bytes.length)] = random.u32();
  return bytes;
}

/** A connection read as the host process reads it, beside one read the plain way. */
class LineReading {
  readonly #peer: LinesOptions['peer'];
  readonly #lineBytesMax: number;
  readonly #lines: LineBuffer;
  #all: Buffer = Buffer.alloc(0);
  finding: Finding | null = null;
  readonly outcomes: string[] = [];
  #isTooLong = false;

  constructor(peer: LinesOptions['peer']) {
    this.#peer = peer;
    this.#lineBytesMax = LINE_BYTES_MAX[peer];
    this.#lines = new LineBuffer(this.#lineBytesMax);
  }

  get isOver(): boolean {
    return this.finding !== null || this.#isTooLong;
  }

  take(chunk: Buffer): void {
    try {
      this.#all = Buffer.concat([this.#all, chunk]);
      this.#lines.push(chunk);
      for (let next = this.#lines.next(); next !== null && !this.isOver; next = this.#lines.next()) this.#compare(next);
      if (!this.isOver && this.#expected() !== null) this.#wrong('A whole line is held back.');
      if (!this.isOver && this.#lines.pendingBytes >= this.#lineBytesMax) this.#wrong(`${this.#lines.pendingBytes} bytes are held without a line.`);
    } catch (error) {
      this.finding ??= findingOf('bug', this.#peer, error);
    }
  }

  #wrong(message: string): void {
    this.finding ??= { kind: 'lines', row: this.#peer, message };
  }

  /** The next line of everything that came, or null. */
  #expected(): { readonly line: string; readonly rest: Buffer } | 'too-long' | null {
    const end = this.#all.indexOf(0x0a);
    if ((end < 0 ? this.#all.length : end) >= this.#lineBytesMax) return 'too-long';
    return end < 0 ? null : { line: this.#all.toString('utf8', 0, end), rest: Buffer.from(this.#all.subarray(end + 1)) };
  }

  #compare(next: { readonly line: string } | 'too-long'): void {
    const expected = this.#expected();
    if (expected === 'too-long' || next === 'too-long' || expected === null) {
      if (next !== expected) return this.#wrong('A line is taken for too long, or not.');
      this.#isTooLong = true;
      this.outcomes.push('too-long');
      return;
    }
    if (next.line !== expected.line) return this.#wrong('A line is not what was sent.');
    this.#all = expected.rest;
    this.outcomes.push(this.#decode(next.line));
  }

  #decodeGuest(text: string): string {
    const line = decodeGuestLine(text);
    if (isReason(line)) {
      if (line.message.length > 400) this.#wrong(`A reason of ${line.message.length} characters.`);
      return line.code;
    }
    const isWhole = line.type === 'open' ? isOpen(line) : line.type === 'attach' && /^[0-9a-f]{64}$/.test(line.token);
    if (!isWhole) this.#wrong(`A line is accepted that is none: ${text.slice(0, 100)}`);
    return 'accepted';
  }

  #decode(text: string): string {
    switch (this.#peer) {
      case 'guest':
        return this.#decodeGuest(text);
      case 'vf':
        return this.#decodeVf(text);
      case 'left-vf':
        return this.#decodeHello(text);
    }
  }

  #decodeVf(text: string): string {
    const line = decodeVfLine(text);
    if (line === undefined) return 'refused';
    if (!isVfLine(line)) this.#wrong(`A line is accepted that is none: ${text.slice(0, 100)}`);
    return 'accepted';
  }

  #decodeHello(text: string): string {
    const hello = decodeHello(text);
    if (hello === undefined) return 'refused';
    const { vfId, pid, startTicks, context, page } = hello;
    const areCounts = [pid, startTicks, context.contextId, context.guestPid, context.openedMs, page?.slotIndex ?? 0].every(isCount);
    const arePlaces = [context.partition, context.adapter].every((place) => /^[a-z0-9._-]{0,63}$/.test(place) && !place.startsWith('.'));
    if (!areCounts || !arePlaces || context.contextId > CONTEXT_ID_MAX || !/^[0-9a-f]{16}$/.test(vfId)) {
      this.#wrong(`A hello is accepted that is none: ${text.slice(0, 100)}`);
    }
    return 'accepted';
  }
}

function isVfLine(line: NonNullable<ReturnType<typeof decodeVfLine>>): boolean {
  switch (line.type) {
    case 'warm':
    case 'ready':
      return true;
    case 'fault':
      return /^[a-z][a-z0-9-]{0,39}$/.test(line.code) && typeof line.message === 'string';
    case 'pong':
      return isCount(line.serial);
    case 'allocations':
      return isCount(line.request) && line.allocations.every(({ label, kind, bytes }) => typeof label === 'string' && typeof kind === 'string' && isCount(bytes));
    default:
      return false;
  }
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function isOpen({ protocol, transport, pid }: { readonly protocol: { readonly major: number; readonly minor: number }; readonly transport: string; readonly pid: number }): boolean {
  const areCounts = [protocol.major, protocol.minor, pid].every((value) => Number.isSafeInteger(value) && value >= 0);
  return areCounts && protocol.major === PROTOCOL.major && (transport === 'aperture' || transport === 'stream');
}
