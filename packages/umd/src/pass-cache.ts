/**
 * Recognises render passes that were sent before. Such a pass is sent once more as a recorded pass, an
 * object of the host, and from then on named instead of being sent.
 *
 * Passes are told apart by all of their words; the fingerprint only finds those worth comparing. Equal
 * words name the same objects, because a pass is forgotten as soon as one of its handles is given back.
 *
 * A program that never repeats a pass pays for fingerprints. One that repeats some a little pays by
 * credit: each recorded pass costs, each replay earns.
 */
import * as encode from '@gpup/wire/encode';
import type { Context, ReplayPolicy } from './context.ts';
import type * as T from './generated/types.gen.ts';
import { NO_LEASE } from './lease-table.ts';
import { areLayoutsEqual, layoutOf } from './pass-layout.ts';
import { fingerprintOf, handlesIn } from './recorded-words.ts';
import type { RecordedBody, Recorder } from './recorder.ts';

/** A replay names its pass in two words: what is hardly longer is not worth it. */
const WORDS_MIN = 128;
const WORDS_MIN_EAGER = 2;
const WORDS_MAX = 1 << 17;
/** Recorded passes of a device. */
const DEFINED_COUNT_MAX = 64;
/** Passes that were seen twice and are waited for again. */
const CANDIDATE_COUNT_MAX = 16;
/** Of one fingerprint. */
const CHAIN_LENGTH_MAX = 4;
/** Of all of them together: a mebibyte. */
const KEPT_WORDS_MAX = 1 << 18;
/** Fingerprints of passes that were seen once; a newer one takes the place of an older one. */
const SEEN_COUNT = 256;
/** A recorded pass that was not replayed while so many passes went by makes room for others. */
const IDLE_SIGHTS = 512;
const CREDIT_START = 8;
const CREDIT_MAX = 32;
const CREDIT_OF_REPLAY = 1 / 4;
/** So that a program that begins to repeat late gets its chance. */
const CREDIT_OF_SIGHT = 1 / 64;
/** Sights of a fingerprint that are let go by once its passes were found to differ often. */
const PATIENCE_MAX = 1023;
/** See RecordedPass.define in idl/wire.json. */
const EAGER = 1;

const NO_WORDS = new Uint32Array(0);
const NO_LAYOUT: T.GPURenderBundleEncoderDescriptor = { label: '', colorFormats: [], depthStencilFormat: undefined, sampleCount: 1, depthReadOnly: false, stencilReadOnly: false };

class KeptPass {
  readonly fingerprint: number;
  /** None while the words of a later pass are waited for. */
  words: Uint32Array = NO_WORDS;
  layout: T.GPURenderBundleEncoderDescriptor = NO_LAYOUT;
  /** Of the recorded pass; 0 while there is none. */
  handle = 0;
  lease = NO_LEASE;
  lastSight = 0;
  patience = 0;
  /** Sights still to be let go by. */
  skipCount = 0;
  watched: ReadonlySet<number> = new Set();
  readonly onReleased: () => void;

  constructor(fingerprint: number, drop: (pass: KeptPass) => void) {
    this.fingerprint = fingerprint;
    this.onReleased = () => drop(this);
  }
}

/** What a pass is looked for by. */
type Subject = Pick<KeptPass, 'fingerprint' | 'layout'>;

/** Of one device. It must not keep the device alive, so it knows its handle only. */
export class PassCache {
  readonly #context: Context;
  readonly #device: number;
  readonly #policy: ReplayPolicy;
  readonly #wordsMin: number;
  readonly #idleSights: number;
  #seen: Uint32Array | null = null;
  readonly #byFingerprint = new Map<number, KeptPass[]>();
  readonly #defined = new Set<KeptPass>();
  /** Oldest first. */
  readonly #candidates = new Set<KeptPass>();
  #wordCount = 0;
  #credit = CREDIT_START;
  /** Passes that were looked at. */
  #sights = 0;

  constructor(context: Context, device: number) {
    this.#context = context;
    this.#device = device;
    this.#policy = context.replayPolicy;
    const isEager = this.#policy === 'first-sight';
    this.#wordsMin = isEager ? WORDS_MIN_EAGER : WORDS_MIN;
    this.#idleSights = isEager ? 0 : IDLE_SIGHTS;
  }

  /** Puts a replay in the place of each pass that is known. Its packet has to be written next. */
  replace(recorder: Recorder): void {
    if (this.#policy === 'off') return;
    const recordedEnd = recorder.length;
    // Words up to `from` have been moved to words up to the recorder's length, once there is a replay.
    let from = 0;
    for (const body of recorder.bodies) {
      const pass = this.#find(recorder.words, body);
      if (pass === null) continue;
      if (from === 0) recorder.length = body.begin;
      else move(recorder, from, body.begin);
      encode.recordRecordedPassReplay(recorder, pass);
      from = body.end;
    }
    if (from !== 0) move(recorder, from, recordedEnd);
  }

  #find(words: Uint32Array, body: RecordedBody): KeptPass | null {
    const length = body.end - body.begin;
    if (length < this.#wordsMin || length > WORDS_MAX) return null;
    this.#sights++;
    this.#earn(CREDIT_OF_SIGHT);
    const fingerprint = fingerprintOf(words, body.begin, body.end);
    const chain = this.#byFingerprint.get(fingerprint);
    if (chain === undefined && this.#policy === 'adaptive' && !this.#wasSeen(fingerprint)) return null;
    const layout = layoutOf(body.descriptor);
    for (const pass of chain ?? []) {
      if (pass.handle === 0 || !this.#isSame(pass, words, body, layout)) continue;
      pass.lastSight = this.#sights;
      this.#earn(CREDIT_OF_REPLAY);
      return pass;
    }
    const subject = { fingerprint, layout };
    return this.#policy === 'adaptive' ? this.#consider(words, body, subject) : this.#defineAtOnce(words, body, subject);
  }

  #isSame(pass: KeptPass, words: Uint32Array, { begin, end }: RecordedBody, layout: T.GPURenderBundleEncoderDescriptor): boolean {
    return pass.words.length === end - begin && areLayoutsEqual(pass.layout, layout) && this.#context.areWordsEqual(pass.words, words, begin);
  }

  #earn(credit: number): void {
    this.#credit = Math.min(this.#credit + credit, CREDIT_MAX);
  }

  /** False, and remembered, at the first sight of a fingerprint. */
  #wasSeen(fingerprint: number): boolean {
    this.#seen ??= new Uint32Array(SEEN_COUNT);
    const slot = fingerprint % SEEN_COUNT;
    if (this.#seen[slot] === fingerprint) return true;
    this.#seen[slot] = fingerprint;
    return false;
  }

  /** At the second sight the words are kept; at the third, if they are the same, the pass is worth recording. */
  #consider(words: Uint32Array, body: RecordedBody, { fingerprint, layout }: Subject): KeptPass | null {
    const chain = this.#byFingerprint.get(fingerprint) ?? [];
    let candidate = chain.find(({ handle }) => handle === 0);
    if (candidate === undefined) {
      if (chain.length >= CHAIN_LENGTH_MAX) return null;
      candidate = new KeptPass(fingerprint, this.#drop);
      this.#addCandidate(candidate);
    }
    if (candidate.skipCount > 0) candidate.skipCount--;
    else if (candidate.words.length === 0) this.#keep(candidate, words, body, layout);
    else if (!this.#isSame(candidate, words, body, layout)) this.#forgetWords(candidate);
    else if (this.#credit >= 1 && this.#makeRoom(0)) return this.#define(candidate);
    return null;
  }

  #addCandidate(candidate: KeptPass): void {
    if (this.#candidates.size >= CANDIDATE_COUNT_MAX) {
      const [oldest] = this.#candidates as Iterable<KeptPass>;
      this.#drop(oldest as KeptPass);
    }
    this.#candidates.add(candidate);
    this.#chain(candidate);
  }

  #chain(pass: KeptPass): void {
    const chain = this.#byFingerprint.get(pass.fingerprint);
    if (chain === undefined) this.#byFingerprint.set(pass.fingerprint, [pass]);
    else chain.push(pass);
  }

  /** Another pass with the same fingerprint: it will be looked at again later and later. */
  #forgetWords(candidate: KeptPass): void {
    this.#wordCount -= candidate.words.length;
    candidate.words = NO_WORDS;
    candidate.skipCount = candidate.patience;
    candidate.patience = Math.min(2 * candidate.patience + 1, PATIENCE_MAX);
  }

  /** False where there is no room. */
  #keep(pass: KeptPass, words: Uint32Array, { begin, end }: RecordedBody, layout: T.GPURenderBundleEncoderDescriptor): boolean {
    if (!this.#makeRoom(end - begin)) return false;
    pass.words = words.slice(begin, end);
    pass.layout = layout;
    this.#wordCount += end - begin;
    return true;
  }

  /** Drops recorded passes that are not in use, until there is room for another with so many words. */
  #makeRoom(wordCount: number): boolean {
    while (this.#wordCount + wordCount > KEPT_WORDS_MAX || this.#defined.size >= DEFINED_COUNT_MAX) {
      let oldest: KeptPass | null = null;
      for (const pass of this.#defined) if (oldest === null || pass.lastSight < oldest.lastSight) oldest = pass;
      if (oldest === null || this.#sights - oldest.lastSight < this.#idleSights) return false;
      // The packet that names it, if one is being made, goes before the one that releases it.
      this.#drop(oldest);
    }
    return true;
  }

  #defineAtOnce(words: Uint32Array, body: RecordedBody, { fingerprint, layout }: Subject): KeptPass | null {
    const pass = new KeptPass(fingerprint, this.#drop);
    if (!this.#keep(pass, words, body, layout)) return null;
    this.#chain(pass);
    return this.#define(pass);
  }

  /** Sends the pass to the host. Null where the context has no handle for it. */
  #define(pass: KeptPass): KeptPass | null {
    const { words, layout } = pass;
    const context = this.#context;
    const handle = context.allocateHandle();
    if (handle === 0) return null;
    this.#candidates.delete(pass);
    this.#defined.add(pass);
    this.#credit--;
    pass.handle = handle;
    pass.lastSight = this.#sights;
    pass.lease = context.lease(pass, handle, words.byteLength);
    // Its device's too: nothing of the cache outlives the device.
    pass.watched = handlesIn(words).add(this.#device);
    for (const watched of pass.watched) context.watch(watched, pass.onReleased);
    const flags = this.#policy === 'first-sight' ? EAGER : 0;
    encode.encodeRecordedPassDefine(context.out, this.#device, handle, layout, flags, { words, begin: 0, end: words.length });
    return pass;
  }

  readonly #drop = (pass: KeptPass): void => {
    this.#candidates.delete(pass);
    this.#defined.delete(pass);
    this.#wordCount -= pass.words.length;
    const rest = (this.#byFingerprint.get(pass.fingerprint) ?? []).filter((each) => each !== pass);
    if (rest.length === 0) this.#byFingerprint.delete(pass.fingerprint);
    else this.#byFingerprint.set(pass.fingerprint, rest);
    for (const handle of pass.watched) this.#context.unwatch(handle, pass.onReleased);
    this.#context.release(pass.lease);
  };
}

/** Appends words [from, to) of a recorder to what is left of it. */
function move(recorder: Recorder, from: number, to: number): void {
  recorder.words.copyWithin(recorder.length, from, to);
  recorder.length += to - from;
}
