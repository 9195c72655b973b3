import type { Model } from './model.ts';
import type { Overlay, Plan } from './plan.ts';
import type { Registry } from './registry.ts';

/** Everything an emitter may look at. Emitters are plain functions from this to text. */
export interface EmitContext {
  readonly model: Model;
  readonly overlay: Overlay;
  readonly plan: Plan;
  readonly registry: Registry;
  readonly idlHash: string;
}
