import type { WordRange } from '@gpup/wire';
import { RECORDED } from '@gpup/wire/numbers';

/** One part of a render pass, in order. */
export type PlannedStep =
  /** Commands for a render bundle, in front of them what sets the state that the bundle begins with. */
  | { readonly kind: 'bundle'; readonly words: Uint32Array }
  /** Commands that no bundle may hold; offsets in words from the first command of the pass. */
  | { readonly kind: 'direct'; readonly begin: number; readonly end: number };

/** What an implementation's limits on slots are below; a pass with higher ones has an error anyway. */
const BIND_GROUP_SLOTS_MAX = 16;
const VERTEX_BUFFER_SLOTS_MAX = 32;
/** Words that setting state again may add to a pass: its commands once more. */
const STATE_WORDS_FREE = 256;
/** Of one pass. */
const BUNDLE_COUNT_MAX = 1024;
/** About what executing a bundle costs, in recorded commands: an estimate. */
const COMMANDS_PER_BUNDLE_MIN = 16;
/** The length of a command is in its first word; this value says that the second has it. */
const LONG_FORM = 0xffff;

/**
 * What a command is to a plan:
 *   - state and draws go into bundles;
 *   - dynamic state, queries and debug groups do not, and commute with the state that a bundle sets;
 *   - executing the application's own bundles forgets the state;
 *   - anything else keeps the whole pass out of bundles.
 */
type Role = 'state' | 'draw' | 'direct' | 'bundles' | 'other';

const ROLES = new Map<number, Role>([
  [RECORDED['GPURenderCommandsMixin.setPipeline'], 'state'],
  [RECORDED['GPURenderCommandsMixin.setIndexBuffer'], 'state'],
  [RECORDED['GPURenderCommandsMixin.setVertexBuffer'], 'state'],
  [RECORDED['GPUBindingCommandsMixin.setBindGroup'], 'state'],
  [RECORDED['GPUDebugCommandsMixin.insertDebugMarker'], 'state'],
  [RECORDED['GPURenderCommandsMixin.draw'], 'draw'],
  [RECORDED['GPURenderCommandsMixin.drawIndexed'], 'draw'],
  [RECORDED['GPURenderPassEncoder.setViewport'], 'direct'],
  [RECORDED['GPURenderPassEncoder.setScissorRect'], 'direct'],
  [RECORDED['GPURenderPassEncoder.setBlendConstant'], 'direct'],
  [RECORDED['GPURenderPassEncoder.setStencilReference'], 'direct'],
  [RECORDED['GPURenderPassEncoder.beginOcclusionQuery'], 'direct'],
  [RECORDED['GPURenderPassEncoder.endOcclusionQuery'], 'direct'],
  [RECORDED['GPUDebugCommandsMixin.pushDebugGroup'], 'direct'],
  [RECORDED['GPUDebugCommandsMixin.popDebugGroup'], 'direct'],
  [RECORDED['GPURenderPassEncoder.executeBundles'], 'bundles'],
]);

/**
 * How to replay the commands of a render pass by render bundles, or null where that cannot be done or
 * does not pay. The commands have been checked to be whole. `isEager`: also where it does not pay.
 *
 * Indirect draws stay out: while such draws of a bundle are checked on the GPU, implementations note in
 * the bundle itself where the checked arguments are, which two command buffers may then share.
 * Immediates stay out because executing a bundle may or may not reset them.
 */
export function planPass(commands: WordRange, isEager: boolean): readonly PlannedStep[] | null {
  return new PassPlanner(commands, isEager).plan();
}

/** Words [begin, end). */
interface Piece {
  readonly begin: number;
  end: number;
}

class PassPlanner {
  readonly #commands: WordRange;
  readonly #isEager: boolean;
  readonly #steps: PlannedStep[] = [];
  /** The command that set each piece of state last. */
  readonly #state = new Map<number, Piece>();
  /** What the open bundle begins with, and what it adds. */
  #inherited: readonly Piece[] = [];
  #pieces: Piece[] = [];
  #hasDraws = false;
  #bundledCount = 0;
  #bundleCount = 0;
  #wordCount = 0;

  constructor(commands: WordRange, isEager: boolean) {
    this.#commands = commands;
    this.#isEager = isEager;
  }

  plan(): readonly PlannedStep[] | null {
    const { words, begin, end } = this.#commands;
    for (let at = begin; at < end; ) {
      const head = words[at] as number;
      const isLong = head >>> 16 === LONG_FORM;
      const next = at + (isLong ? (words[at + 1] as number) : head >>> 16);
      if (!this.#add(head & 0xffff, { begin: at, end: next }, at + (isLong ? 2 : 1))) return null;
      at = next;
    }
    return this.#close() && this.#isWorthwhile() ? this.#steps : null;
  }

  #isWorthwhile(): boolean {
    if (this.#bundleCount === 0) return false;
    return this.#isEager || this.#bundledCount >= this.#bundleCount * COMMANDS_PER_BUNDLE_MIN;
  }

  /** False where the pass cannot be replayed by bundles. */
  #add(op: number, piece: Piece, argumentAt: number): boolean {
    switch (ROLES.get(op) ?? 'other') {
      case 'state':
        this.#bundle(piece);
        return this.#remember(op, piece, argumentAt);
      case 'draw':
        this.#bundle(piece);
        this.#hasDraws = true;
        return true;
      case 'direct':
        if (this.#hasDraws && !this.#close()) return false;
        this.#direct(piece);
        return true;
      case 'bundles':
        if (!this.#close()) return false;
        this.#state.clear();
        this.#inherited = [];
        this.#direct(piece);
        return true;
      default:
        return false;
    }
  }

  /** Commands that follow each other are one piece. */
  #bundle(piece: Piece): void {
    this.#bundledCount++;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.end === piece.begin) last.end = piece.end;
    else this.#pieces.push({ ...piece });
  }

  #remember(op: number, piece: Piece, argumentAt: number): boolean {
    if (op === RECORDED['GPUDebugCommandsMixin.insertDebugMarker']) return true;
    const slot = this.#commands.words[argumentAt] as number;
    let key = op << 8;
    if (op === RECORDED['GPUBindingCommandsMixin.setBindGroup']) {
      if (slot >= BIND_GROUP_SLOTS_MAX) return false;
      key += slot;
    }
    if (op === RECORDED['GPURenderCommandsMixin.setVertexBuffer']) {
      if (slot >= VERTEX_BUFFER_SLOTS_MAX) return false;
      key += slot;
    }
    this.#state.set(key, piece);
    return true;
  }

  #direct({ begin, end }: Piece): void {
    const first = this.#commands.begin;
    const last = this.#steps.at(-1);
    const follows = last?.kind === 'direct' && last.end === begin - first;
    if (follows) this.#steps.pop();
    this.#steps.push({ kind: 'direct', begin: follows ? last.begin : begin - first, end: end - first });
  }

  /** Ends the open bundle, if anything is in it. False where bundles would need too much. */
  #close(): boolean {
    if (this.#pieces.length === 0) return true;
    const pieces = [...this.#inherited, ...this.#pieces];
    let wordCount = 0;
    for (const { begin, end } of pieces) wordCount += end - begin;
    this.#wordCount += wordCount;
    const { words, begin, end } = this.#commands;
    if (this.#wordCount > 2 * (end - begin) + STATE_WORDS_FREE || ++this.#bundleCount > BUNDLE_COUNT_MAX) return false;
    const bundle = new Uint32Array(wordCount);
    let at = 0;
    for (const piece of pieces) {
      bundle.set(words.subarray(piece.begin, piece.end), at);
      at += piece.end - piece.begin;
    }
    this.#steps.push({ kind: 'bundle', words: bundle });
    this.#inherited = [...this.#state.values()];
    this.#pieces = [];
    this.#hasDraws = false;
    return true;
  }
}
