import { GuestFault } from '@gpup/base';
import type { WordRange } from '@gpup/wire';
import { describeError } from '../backend.ts';
import type { Context } from '../context.ts';
import type { DeviceState } from '../device-state.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import type { Known } from '../object-table.ts';
import { type PlannedStep, planPass } from '../pass-plan.ts';
import type { BundleAccount } from '../bundle-account.ts';
import { deviceOf } from './device.ts';
import { Recording } from './recording.ts';

type RecordedPassHandlers = Pick<Handlers, 'RecordedPass.define'>;

/** Prepare the pass whether that pays or not, and read nothing before it is done: for tests that compare. */
const EAGER = 1;

/** Executes the bundle, or plays words [begin, end) of the commands where there is none. */
export interface ReplayStep {
  readonly bundles: readonly GPURenderBundle[];
  readonly begin: number;
  readonly end: number;
}

/**
 * The commands of a render pass that its guest sends once and names whenever it repeats them.
 *
 * They are the end of the packet that defined the pass, which the journal keeps. Replaying is the same
 * as having sent them: by render bundles where the implementation was seen to make these without any
 * error, else command by command, so that errors are reported as if nothing had been replayed.
 */
export class RecordedPass {
  label = '';
  /** Of the commands. */
  readonly wordCount: number;
  /** Null: to be played command by command. */
  steps: readonly ReplayStep[] | null = null;
  /** Held for the bundles. */
  bundleCount = 0;
  bundleWords = 0;

  constructor(wordCount: number) {
    this.wordCount = wordCount;
  }

  /** What the commands name must still be theirs: a slot may have another object by now. */
  checkReferences(known: Known): void {
    for (const { handle, releaseSequence } of known.references) {
      if (releaseSequence !== 0) throw new GuestFault('stale-handle', `Recorded pass ${known.handle} names handle ${handle}, which has been released.`);
    }
  }
}

export function recordedPassHandlers(context: Context): RecordedPassHandlers {
  const recording = new Recording(context.recordedReader, context.limits.passCountMax);

  function makeBundle(device: DeviceState, layout: GPURenderBundleEncoderDescriptor, words: Uint32Array): GPURenderBundle {
    const encoder = device.native.createRenderBundleEncoder(layout);
    recording.playBundle(encoder, { words, begin: 0, end: words.length });
    return encoder.finish();
  }

  function makeSteps(device: DeviceState, layout: GPURenderBundleEncoderDescriptor, plan: readonly PlannedStep[]): readonly ReplayStep[] | null {
    try {
      return plan.map((step) => (step.kind === 'direct' ? { bundles: [], ...step } : { bundles: [makeBundle(device, layout, step.words)], begin: 0, end: 0 }));
    } catch (error) {
      // A format whose feature is missing: the pass itself will have its errors.
      describeError(error);
      return null;
    }
  }

  /** Makes the bundles; the pass has them once it is known that they are without errors. */
  function prepare(pass: RecordedPass, device: DeviceState, layout: GPURenderBundleEncoderDescriptor, { commands, isEager }: { readonly commands: WordRange; readonly isEager: boolean }): void {
    const plan = planPass(commands, isEager);
    const account: BundleAccount = context.bundles;
    if (plan === null || device.isLost || !account.reserve(pass, plan)) return;
    let steps: readonly ReplayStep[] | null = null;
    const clean = device.scopes.probe(() => {
      steps = makeSteps(device, layout, plan);
    });
    context.garbage.add(pass.bundleCount, 0);
    const goOn = isEager ? context.hold() : null;
    if (isEager) context.backend.hurry();
    const decide = (isClean: boolean): void => {
      if (isClean && steps !== null) pass.steps = steps;
      else context.dropBundles(pass);
      goOn?.();
    };
    context.settle(clean, decide, () => decide(false));
  }

  return {
    'RecordedPass.define'(self, result, layout, flags, commands) {
      const device = deviceOf(self);
      recording.check(commands);
      const pass = new RecordedPass(commands.end - commands.begin);
      context.create(Kind.RecordedPass, result, device, {}, () => pass);
      prepare(pass, device, layout, { commands, isEager: (flags & EAGER) !== 0 });
    },
  };
}
