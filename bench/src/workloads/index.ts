import { createBindGroup, createBuffer, write256 } from './caller.ts';
import { computeBound, ddaComputeBound, partitionedComputeBound } from './compute-bound.ts';
import { dispatchCaller, dispatchRate, smallSubmitRate } from './dispatch.ts';
import { drawCaller, drawRate } from './draw.ts';
import { infer } from './infer.ts';
import { errorScope, mapLatency, submitDone } from './latency.ts';
import { sceneFps } from './scene.ts';
import { trainStep } from './train.ts';
import { download, upload } from './transfer.ts';
import type { Workload } from './workload.ts';

/** Programs for any WebGPU, in Node or in a page; in the order of the table. */
export const WORKLOADS: readonly Workload[] = [
  drawCaller('draw_same_caller', false),
  drawRate('draw_same_fps', false),
  drawCaller('draw_fresh_caller', true),
  drawRate('draw_fresh_fps', true),
  dispatchCaller,
  dispatchRate,
  smallSubmitRate,
  submitDone,
  mapLatency,
  errorScope,
  upload,
  download,
  write256,
  createBuffer,
  createBindGroup,
  trainStep,
  infer,
  sceneFps,
  computeBound,
  ddaComputeBound,
  partitionedComputeBound,
];
