/** What must be reached, and what is aimed at: on a quiet machine of 2 cores, with the software GPU. */
export interface Bar {
  /**
   * What it is measured against: npm `webgpu` as it comes, tuned, the better of both, a guest that owns an adapter
   * whole, or nothing (an absolute figure in the workload's own unit).
   */
  readonly against: 'native' | 'tuned' | 'better' | 'dda' | 'nothing';
  readonly must: number;
  readonly aim: number;
  /** Asked for besides, as gpup / chromium, where a Chromium is measured. */
  readonly chromium?: { readonly must?: number; readonly aim?: number };
}

export const BARS: Readonly<Record<string, Bar>> = {
  draw_same_caller: { against: 'native', must: 1 / 20, aim: 1 / 30, chromium: { must: 1, aim: 1 / 4 } },
  draw_same_fps: { against: 'tuned', must: 1.15, aim: 1.35, chromium: { must: 1 } },
  draw_fresh_caller: { against: 'native', must: 1 / 15, aim: 1 / 20, chromium: { must: 1, aim: 1 / 4 } },
  draw_fresh_fps: { against: 'tuned', must: 0.95, aim: 1.1 },
  dispatch_caller: { against: 'native', must: 1 / 15, aim: 1 / 30 },
  dispatch_rate: { against: 'tuned', must: 0.95, aim: 1.05 },
  small_submit_rate: { against: 'better', must: 0.9, aim: 1.2 },
  submit_done_p50: { against: 'nothing', must: 100, aim: 70 },
  map_p50: { against: 'nothing', must: 80, aim: 50 },
  error_scope_p50: { against: 'nothing', must: 70, aim: 45 },
  upload_16MiB: { against: 'tuned', must: 0.6, aim: 0.8, chromium: { must: 1 } },
  readback_16MiB: { against: 'tuned', must: 0.6, aim: 0.75, chromium: { must: 1 } },
  write256_caller: { against: 'native', must: 1 / 8, aim: 1 / 15 },
  create_buffer_caller: { against: 'native', must: 1 / 4, aim: 1 / 4, chromium: { aim: 1 } },
  create_bindgroup_caller: { against: 'native', must: 1 / 4, aim: 1 / 4, chromium: { aim: 1 } },
  train_step: { against: 'tuned', must: 0.98, aim: 1 },
  infer: { against: 'tuned', must: 0.98, aim: 1 },
  scene_fps: { against: 'tuned', must: 0.98, aim: 1 },
  compute_bound: { against: 'tuned', must: 0.98, aim: 1 },
  dda_compute_bound: { against: 'tuned', must: 0.99, aim: 1 },
  partitioned_compute_bound: { against: 'dda', must: 0.98, aim: 1 },
  start_to_first_dispatch_cold: { against: 'nothing', must: 400, aim: 250 },
  start_to_first_dispatch_pool: { against: 'nothing', must: 60, aim: 30 },
  idle_cpu: { against: 'nothing', must: 0.2, aim: 0.1 },
  idle_pss: { against: 'nothing', must: 60, aim: 30 },
};
