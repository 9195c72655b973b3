import type { VfLimits } from '@gpup/vf';
import { ACCEPTED, APPLICATION_ERROR } from '../cells.ts';
import { DICTIONARIES } from '../generated/schema.gen.ts';
import { dissect } from '../input/anatomy.ts';
import { BREAKERS } from '../input/corrupt.ts';
import type { Overrides } from '../input/forge.ts';
import { mutate, noise } from '../input/mutate.ts';
import { CREATING_REQUEST_BIT, isCreatingRequest } from '../model/guest-model.ts';
import type { Cell, OutcomeTable } from '../outcome-table.ts';
import { PACKET_BY_NAME, PACKET_BY_OPCODE, RECORDED_BY_NAME, UNKNOWN_COMMAND, UNKNOWN_OPCODE } from '../schema-index.ts';
import type { FieldSchema, FieldType } from '../schema.ts';
import type { Trace } from '../trace/trace.ts';
import type { StepResult } from './executor.ts';
import { ACCEPTANCE, FAILURE, FAULT } from './recipes.ts';
import type { Stage } from './stage.ts';

/** Limits that put a fault within reach; the sessions that want it run under them. */
const TIGHT: Readonly<Record<string, Partial<VfLimits>>> = {
  'object-count': { objectCountMax: 24 },
  'journal-size': { journalBytesMax: 2048 },
  'pending-requests': { pendingRequestCountMax: 1 },
  'error-scope-depth': { errorScopeDepthMax: 3 },
  'error-scope-count': { errorScopeSegmentCountMax: 2 },
  'pass-count': { passCountMax: 0 },
  'label-size': { labelCharacterCountMax: 20 },
};

export function limitsFor(outcome: string): Partial<VfLimits> {
  return TIGHT[outcome] ?? {};
}

/** How many packets that are likely to be taken come before the one that is likely to end the session. */
const HARMLESS_MAX = 14;
/** How many more are tried after it, if it did not. */
const CASES_MAX = 6;
/** One session of so many begins with a trace. */
const REPLAY_ODDS = 6;
const ATTEMPTS_MAX = 4;
const LIMIT_TRIES_MAX = 40;
/** Enough for a recorded pass to be replayed as bundles. */
const RECORDED_COMMANDS_MAX = 64;
/** No recorded command has this number. */
const UNKNOWN_OP = 0x7ffe;
/** A slot that far makes the table grow to its largest, which takes milliseconds: it is tried seldom. */
const HIGH_SLOT = 4096;
const HIGH_SLOT_ODDS = 64;

export interface AttackOptions {
  readonly stage: Stage;
  readonly table: OutcomeTable;
  readonly traces: readonly Trace[];
  /** What the session is for. */
  readonly cell: Cell;
}

/** Thinks of what to do to one context: rare outcomes on purpose, mutations of recorded traces, and noise. */
export class Attack {
  readonly #stage: Stage;
  readonly #table: OutcomeTable;
  readonly #traces: readonly Trace[];
  readonly #cell: Cell;
  inputCount = 0;

  constructor({ stage, table, traces, cell }: AttackOptions) {
    this.#stage = stage;
    this.#table = table;
    this.#traces = traces;
    this.#cell = cell;
  }

  async run(): Promise<void> {
    const stage = this.#stage;
    const cell = this.#cell;
    if (cell.outcome === 'no-hello') return this.#ungreeted();
    // A greeting can fail in one way only once there was one.
    if (cell.row.name === 'Context.hello' && cell.outcome !== 'hello-twice') return this.#want(cell);
    if (stage.random.oneIn(REPLAY_ODDS) && TIGHT[cell.outcome] === undefined) await this.#replay();
    else await stage.greet();
    if (TIGHT[cell.outcome] === undefined) await this.#harmless(stage.random.below(HARMLESS_MAX));
    for (let count = 0; count < CASES_MAX && !stage.isOver; count++) {
      if (count === 0) await this.#want(cell);
      else if (stage.random.oneIn(3)) await this.#havoc();
      else await this.#want(this.#nextCell());
    }
  }

  /** Packets that the decoder takes: what they ask for may be anything. */
  async #harmless(count: number): Promise<void> {
    const stage = this.#stage;
    const { random, model } = stage;
    for (let i = 0; i < count && !stage.isOver; i++) {
      const cell = this.#table.rare(random, isHarmless);
      if (random.oneIn(2)) {
        await this.#want(cell);
        continue;
      }
      await this.#prepare(cell.row.name, random.oneIn(4));
      if (stage.isOver) return;
      const words = this.#plain(cell.row.name, {});
      const changed = mutate(words, this.#material());
      await this.#input(model.predict(this.#sane(changed)).fault === null ? changed : words, !random.oneIn(8));
    }
  }

  /** A session under usual limits goes on with any other outcome that these allow. */
  #nextCell(): Cell {
    if (TIGHT[this.#cell.outcome] !== undefined) return this.#cell;
    return this.#table.rare(this.#stage.random, ({ outcome }) => outcome !== 'no-hello' && TIGHT[outcome] === undefined);
  }

  async #ungreeted(): Promise<void> {
    const { forge, random } = this.#stage;
    const { name } = this.#cell.row;
    const words = name === UNKNOWN_OPCODE ? noise(random) : forge.packet(name);
    if (name === UNKNOWN_OPCODE) words[0] = unknownOpcode(words[0] as number);
    await this.#input(random.oneIn(4) ? mutate(words, this.#material()) : words);
  }

  /** Plays a recorded trace, some of its packets changed, doubled, left out, moved or from another trace. */
  async #replay(): Promise<void> {
    const stage = this.#stage;
    const { random } = stage;
    const { packets } = random.pick(this.#traces);
    const upTo = Math.min(packets.length, 3 + random.below(packets.length));
    const isFaithful = random.oneIn(2);
    for (let i = 0; i < upTo && !stage.isOver; i++) {
      const packet = packets[i] as Uint32Array;
      if (isFaithful || i < 3 || !random.oneIn(8)) await stage.send(packet);
      else await this.#disturb(packets, i);
    }
  }

  async #disturb(packets: readonly Uint32Array[], index: number): Promise<void> {
    const { random } = this.#stage;
    const packet = packets[index] as Uint32Array;
    switch (random.below(8)) {
      case 0:
        return this.#input(packet.slice());
      case 1:
        return;
      case 2:
        return this.#input(random.pick(packets).slice());
      case 3:
        return this.#input(random.pick(random.pick(this.#traces).packets).slice());
      default:
        return this.#input(mutate(packet, this.#material()));
    }
  }

  #material() {
    const { random, model } = this.#stage;
    return { random, model, other: random.pick(random.pick(this.#traces).packets) };
  }

  /** Anything at all. */
  async #havoc(): Promise<void> {
    const stage = this.#stage;
    const { random } = stage;
    if (random.oneIn(24)) {
      this.inputCount++;
      await stage.take({ kind: 'lose-devices' });
    } else if (random.oneIn(8)) {
      await this.#input(noise(random));
    } else if (random.oneIn(2)) {
      await this.#input(mutate(random.pick(random.pick(this.#traces).packets), this.#material()));
    } else {
      const { row } = random.pick(this.#table.cells);
      await this.#prepare(row.name, random.oneIn(2));
      if (stage.isOver) return;
      const words = this.#plain(row.name, {});
      await this.#input(random.oneIn(3) ? words : mutate(words, this.#material()), !random.oneIn(4));
    }
  }

  /** Tries to come to one outcome of one packet or command. */
  async #want({ row, outcome }: Cell): Promise<void> {
    const stage = this.#stage;
    stage.forge.wantsInvalid = false;
    await this.#prepare(row.name, outcome !== APPLICATION_ERROR);
    if (stage.isOver) return;
    if (outcome === ACCEPTED) return this.#wantAcceptance(row.name);
    if (outcome === APPLICATION_ERROR) return this.#wantFailure(row.name);
    if (TIGHT[outcome] !== undefined) return this.#wantLimit(row.name, outcome);
    const pending = outcome === 'pending-handle' ? await this.#preparePending(row.name) : null;
    if (outcome === 'reused-handle' && stage.model.objects.staleHandles.length === 0) await this.#leaveStale();
    if (stage.isOver) return;
    // From here to the packet itself nothing is awaited: the object would be delivered.
    if (pending !== null) stage.sendNow(stage.forge.packet(pending));
    if (!stage.isOver) await this.#wantFault(row.name, outcome);
  }

  /** What the packet's fields are to name must be there. */
  async #prepare(name: string, wantsAll: boolean): Promise<void> {
    for (const kind of kindsOf(name)) {
      if (this.#stage.isOver) return;
      if (kind.isRequired || (wantsAll && this.#stage.random.oneIn(3))) await this.#stage.ensure(kind.name);
    }
  }

  async #wantAcceptance(name: string): Promise<void> {
    const stage = this.#stage;
    const overrides = (await ACCEPTANCE[name]?.(stage)) ?? {};
    if (!stage.isOver) await this.#input(this.#plain(name, overrides));
  }

  async #wantFailure(name: string): Promise<void> {
    const stage = this.#stage;
    const recipe = FAILURE[name];
    const overrides = recipe === undefined ? await this.#invalidPart(name) : await recipe(stage);
    if (stage.isOver) return;
    const isUnbalanced = name.endsWith('DebugGroup');
    await this.#input(isUnbalanced ? stage.forge.finish(stage.forge.command(name), false) : this.#plain(name, overrides), true, name);
    stage.forge.wantsInvalid = false;
    stage.forge.optionalOdds = 3;
  }

  async #invalidPart(name: string): Promise<Overrides> {
    const stage = this.#stage;
    const kinds = kindsOf(name);
    const breakable = kinds.filter(({ name: kind }) => !['GPUAdapter', 'GPUDevice', 'GPUQueue'].includes(kind));
    const required = breakable.filter((kind) => kind.isRequired);
    for (const kind of required.length > 0 ? required : breakable) {
      if (stage.isOver) return {};
      await stage.createInvalid(kind.name);
    }
    stage.forge.wantsInvalid = true;
    stage.forge.optionalOdds = 1;
    return { '#bundles': 1, '#colorAttachments': 1, '#bindGroupLayouts': 1 };
  }

  /** Fills what the limit is on, and then sends the packet that goes over it. */
  async #wantLimit(name: string, outcome: string): Promise<void> {
    const stage = this.#stage;
    const { model } = stage;
    const fillers: Readonly<Record<string, () => Promise<unknown>>> = {
      'object-count': async () => stage.create('GPUSampler'),
      'journal-size': async () => stage.create('GPUSampler', { label: 'x'.repeat(Math.max(0, Math.min(200, model.limits.journalBytesMax - model.objects.journalBytes - 100))) }),
      'pending-requests': async () => void (await stage.ensure('GPUQueue')),
      'error-scope-depth': () => this.#pushScope(),
      'error-scope-count': () => this.#pushScope(),
    };
    for (let tries = 0; tries < LIMIT_TRIES_MAX && !stage.isOver; tries++) {
      await fillers[outcome]?.();
      if (stage.isOver) return;
      if (outcome === 'pending-requests') stage.sendNow(stage.forge.packet('GPUQueue.onSubmittedWorkDone'));
      const recipe = outcome === 'error-scope-count' ? FAILURE[name] : undefined;
      const words = this.#plain(name, recipe === undefined ? {} : await recipe(stage));
      const { fault, mayFault } = model.predict(words);
      if (fault === outcome) return this.#input(words);
      if (mayFault.includes(outcome)) await this.#input(words);
    }
  }

  async #pushScope(): Promise<void> {
    const { forge, model } = this.#stage;
    const [device] = model.objects.ofKind('GPUDevice');
    await this.#stage.send(forge.packet('GPUDevice.pushErrorScope', { self: device?.handle ?? 0, filter: 1 }));
  }

  /** The request whose object is to be named before the host has delivered it. */
  async #preparePending(name: string): Promise<string> {
    const wantsAdapter = kindsOf(name).some(({ name: kind }) => kind === 'GPUAdapter');
    const request = wantsAdapter ? 'GPU.requestAdapter' : this.#stage.random.pick(['GPU.requestAdapter', 'GPUDevice.createComputePipelineAsync']);
    await this.#prepare(request, false);
    return request;
  }

  async #leaveStale(): Promise<void> {
    const stage = this.#stage;
    const handle = await stage.create('GPUSampler');
    if (!stage.isOver) await stage.send(stage.forge.packet('Context.release', { handles: [handle] }));
  }

  async #wantFault(name: string, outcome: string): Promise<void> {
    const stage = this.#stage;
    const { model, random } = stage;
    const recipe = FAULT[`${name} ${outcome}`] ?? FAULT[outcome];
    let words: Uint32Array | null = null;
    const overrides = recipe === undefined ? {} : await recipe(stage);
    for (let attempt = 0; attempt < ATTEMPTS_MAX && !stage.isOver; attempt++) {
      stage.forge.optionalOdds = attempt === 0 ? 3 : 1;
      const whole = this.#plain(name, overrides);
      stage.forge.optionalOdds = 3;
      words = recipe === undefined ? this.#broken(whole, name, outcome) : whole;
      if (words === null) continue;
      const prediction = model.predict(words);
      if (prediction.row === name && (prediction.fault === outcome || prediction.mayFault.includes(outcome))) break;
    }
    if (words !== null && !stage.isOver) await this.#input(words, random.oneIn(2));
  }

  #broken(words: Uint32Array, name: string, outcome: string): Uint32Array | null {
    const { model, random } = this.#stage;
    if (outcome === 'bad-opcode') {
      words[0] = unknownOpcode(words[0] as number);
      return words;
    }
    if (name === UNKNOWN_COMMAND && outcome === 'command-length') return this.#unknownOfWrongLength(words);
    const command = RECORDED_BY_NAME.has(name) ? name : null;
    return BREAKERS[outcome]?.({ anatomy: dissect(words, model), random, model, command }) ?? null;
  }

  #unknownOfWrongLength(words: Uint32Array): Uint32Array | null {
    const { model, random } = this.#stage;
    const anatomy = dissect(words, model);
    const [first] = anatomy.commands;
    const broken = BREAKERS['command-length']?.({ anatomy, random, model, command: first?.name ?? null }) ?? null;
    if (broken !== null && first !== undefined) broken[first.at] = ((broken[first.at] as number) & 0xffff0000) | UNKNOWN_OP;
    return broken;
  }

  /** A correct packet of the row: the packet itself, or one that brings the recorded command. */
  #plain(name: string, overrides: Overrides): Uint32Array {
    const { forge, random } = this.#stage;
    if (name === UNKNOWN_OPCODE) return noise(random);
    if (!RECORDED_BY_NAME.has(name) && name !== UNKNOWN_COMMAND) return forge.packet(name, { ...this.#someCommands(name), ...overrides });
    const focus = name === UNKNOWN_COMMAND ? 'GPUDebugCommandsMixin.insertDebugMarker' : name;
    const { words, isBundle } = forge.blockAround(focus, overrides);
    return forge.finish(words, isBundle, { '#colorFormats': 1 });
  }

  #someCommands(name: string): Overrides {
    const { forge, random } = this.#stage;
    if (name === 'RecordedPass.define') return { commands: forge.pass(random.below(RECORDED_COMMANDS_MAX)) };
    if (!name.endsWith('Encoder.finish')) return {};
    const debug = ['GPUDebugCommandsMixin.insertDebugMarker', ...(name.startsWith('GPUCommand') ? [] : ['GPURenderCommandsMixin.draw'])];
    return { commands: random.oneIn(2) ? [] : forge.command(random.pick(debug)) };
  }

  /** Sends it, and counts what came of it. `focus`: the command that an error of the application is to be counted for. */
  async #input(words: Uint32Array, settles = true, focus: string | null = null): Promise<void> {
    this.inputCount++;
    const sane = this.#sane(words);
    this.#count(settles ? await this.#stage.send(sane) : this.#stage.sendNow(sane), focus);
  }

  #count({ row, outcome, commands }: StepResult, focus: string | null): void {
    if (outcome === 'finding') return;
    this.#table.add(row, outcome);
    if (outcome === APPLICATION_ERROR && focus !== null && commands.includes(focus)) this.#table.add(focus, outcome);
    if (outcome === ACCEPTED) for (const command of new Set(commands)) this.#table.add(command, ACCEPTED);
  }

  /** Ids of requests that create are set apart for the model; slots far away are for few. */
  #sane(words: Uint32Array): Uint32Array {
    words[1] = words.length;
    const schema = PACKET_BY_OPCODE.get(words[0] as number);
    if (schema === undefined) return words;
    let at = schema.self === null ? 2 : 3;
    if (schema.request) {
      if (at < words.length) words[at] = saneRequest(words[at] as number, schema.name, this.#stage);
      at++;
    }
    if (schema.result !== null) this.#lowerSlot(words, at);
    if (schema.name === 'GPUAdapter.requestDevice') this.#lowerSlot(words, at + 1);
    return words;
  }

  #lowerSlot(words: Uint32Array, at: number): void {
    const handle = words[at];
    if (handle === undefined || handle % 2 ** 20 < HIGH_SLOT || this.#stage.random.oneIn(HIGH_SLOT_ODDS)) return;
    words[at] = handle & ~(2 ** 20 - HIGH_SLOT);
  }
}

function saneRequest(id: number, name: string, { forge }: Stage): number {
  return isCreatingRequest(name) ? forge.request(name) : (id & ~CREATING_REQUEST_BIT) >>> 0;
}

/** Losing the device is no fault, but what comes after it sees little of the implementation. */
function isHarmless({ row, outcome }: Cell): boolean {
  return (outcome === ACCEPTED || outcome === APPLICATION_ERROR) && row.name !== 'GPUDevice.destroy' && row.name !== 'Context.hello';
}

function unknownOpcode(opcode: number): number {
  return PACKET_BY_OPCODE.has(opcode) ? opcode + 1000 : opcode;
}

interface NeededKind {
  readonly name: string;
  readonly isRequired: boolean;
}

const kindsByRow = new Map<string, readonly NeededKind[]>();

/** Kinds of object that a packet or a command can name, and whether it must. */
function kindsOf(name: string): readonly NeededKind[] {
  let kinds = kindsByRow.get(name);
  if (kinds === undefined) kindsByRow.set(name, (kinds = findKinds(name)));
  return kinds;
}

function findKinds(name: string): NeededKind[] {
  const packet = PACKET_BY_NAME.get(name);
  const command = RECORDED_BY_NAME.get(name);
  const found = new Map<string, boolean>();
  const seen = new Set<string>();
  const add = (kind: string, isRequired: boolean): void => void found.set(kind, isRequired || found.get(kind) === true);
  const visit = (type: FieldType, isRequired: boolean): void => {
    if (type.kind === 'object') add(type.of, isRequired);
    else if (type.kind === 'object-or-null') add(type.of, false);
    else if (type.kind === 'texture-or-view') add('GPUTexture', isRequired);
    else if (type.kind === 'layout-or-auto') add('GPUPipelineLayout', false);
    else if (type.kind === 'binding-resource') add('GPUBuffer', isRequired);
    else if (type.kind === 'dict') dictionary(type.name, isRequired);
    else if (type.kind === 'nullable' || type.kind === 'sequence' || type.kind === 'record') visit(type.of, false);
  };
  const dictionary = (dict: string, isRequired: boolean): void => {
    if (seen.has(dict)) return;
    seen.add(dict);
    for (const field of DICTIONARIES[dict]?.fields ?? []) visit(field.type, isRequired && field.required);
  };
  if (packet?.self != null) add(packet.self, true);
  if (packet === undefined) add('GPUDevice', true);
  for (const { type } of (packet?.fields ?? command?.fields ?? []) as readonly FieldSchema[]) visit(type, true);
  return [...found].map(([kind, isRequired]) => ({ name: kind, isRequired }));
}
