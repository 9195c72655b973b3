/**
 * Where the time of a process went, by stage of a command's way: each function belongs to the stage of the
 * file that it is in, and what has no file (the engine's own functions, Node's) to the stage of its caller.
 */
import { type CallFrame, type CpuProfile, type ProfileNode, selfTimes } from './cpu-profile.ts';
import type { Role } from './protocol.ts';

export const STAGES = ['program', 'encode', 'ring', 'decode', 'execute', 'Dawn', 'GC', 'other', 'wait'] as const;
export type Stage = (typeof STAGES)[number];

/** What each stage is, for the reader of a table. */
export const STAGE_MEANING: Readonly<Record<Stage, string>> = {
  program: 'the measured program and its libraries',
  encode: 'guest driver: checks, conversion, recording, replies',
  ring: 'link: rings, heap, doorbell, and looking for news',
  decode: 'VF: packets to calls',
  execute: "VF: handlers' own work between decoding and Dawn",
  Dawn: 'inside npm webgpu, on this thread',
  GC: 'garbage collection on this thread',
  other: 'the event loop, Node, the engine',
  wait: 'idle',
};

const STAGE_OF_MODULE: readonly (readonly [RegExp, Stage])[] = [
  [/^packages\/vf\/dist\/(generated\/|command-reader|command-processor|context)/, 'decode'],
  [/^packages\/vf\/dist\/boot\/vf-loop/, 'Dawn'],
  [/^packages\/vf\//, 'execute'],
  [/^packages\/umd\//, 'encode'],
  [/^packages\/(bus|os|guest)\//, 'ring'],
  [/^packages\/pf\//, 'execute'],
  [/^node_modules\/(koffi|@koromix)\//, 'ring'],
];

export interface StageContext {
  readonly role: Role;
  /** Whether this process calls Dawn. Its functions have neither a name nor a file in a profile. */
  readonly hasDawn: boolean;
  /** Undefined for functions of the engine, of native modules and of Node. */
  readonly placeOf: (frame: CallFrame) => Place | undefined;
}

export interface Place {
  /** Relative to the repository, e.g. `packages/umd/dist/recorder.js`. */
  readonly module: string;
  /** One-based. */
  readonly line: number;
}

/** The profiler itself, which is in every process that it looks at. */
const PROFILER = /^bench\/dist\/profile\/hook/;

/** Who calls Dawn. The link calls native functions as well, which are the system's. */
const DAWN_CALLERS: ReadonlySet<Stage> = new Set(['program', 'decode', 'execute', 'Dawn']);

/** Null: not of the program that is looked at. */
function stageOf(frame: CallFrame, inherited: Stage, { role, hasDawn, placeOf }: StageContext): Stage | null {
  if (frame.functionName === '(idle)') return 'wait';
  if (frame.functionName === '(garbage collector)') return 'GC';
  const module = placeOf(frame)?.module;
  if (module === undefined) return hasDawn && isNative(frame) && DAWN_CALLERS.has(inherited) ? 'Dawn' : inherited;
  if (PROFILER.test(module)) return null;
  if (module.startsWith('packages/wire/')) return role === 'guest' ? 'encode' : 'decode';
  return STAGE_OF_MODULE.find(([pattern]) => pattern.test(module))?.[1] ?? 'program';
}

function isNative({ functionName, url }: CallFrame): boolean {
  return functionName === '' && url === '';
}

export interface Breakdown {
  /** Microseconds of each stage. */
  readonly stages: ReadonlyMap<Stage, number>;
  /** Functions by their own time, longest first. */
  readonly functions: readonly HotFunction[];
  readonly totalUs: number;
}

export interface HotFunction {
  readonly name: string;
  /** `MODULE:LINE`, or empty. */
  readonly place: string;
  readonly stage: Stage;
  readonly us: number;
}

export function breakDown(profile: CpuProfile, context: StageContext): Breakdown {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  const times = selfTimes(profile);
  const stages = new Map<Stage, number>();
  const functions = new Map<string, HotFunction>();
  const visit = (node: ProfileNode, inherited: Stage, caller: string): void => {
    const { callFrame } = node;
    const stage = stageOf(callFrame, inherited, context);
    if (stage === null) return;
    const us = times.get(node.id) ?? 0;
    stages.set(stage, (stages.get(stage) ?? 0) + us);
    const place = context.placeOf(callFrame);
    const at = place === undefined ? callFrame.url : `${place.module}:${place.line}`;
    const name = nameOf(callFrame, stage, caller);
    const key = `${stage} ${name} ${at}`;
    functions.set(key, { name, place: at, stage, us: (functions.get(key)?.us ?? 0) + us });
    for (const id of node.children ?? []) visit(nodes.get(id) as ProfileNode, stage, name);
  };
  // The root comes first.
  if (profile.nodes[0] !== undefined) visit(profile.nodes[0], 'other', 'the event loop');
  const totalUs = [...stages.values()].reduce((sum, each) => sum + each, 0);
  return { stages, functions: [...functions.values()].sort((a, b) => b.us - a.us), totalUs };
}

/** V8 gives all functions of an FFI the name of one of them, and Dawn's none: the caller says more. */
function nameOf(frame: CallFrame, stage: Stage, caller: string): string {
  const isEngineState = frame.functionName.startsWith('(');
  if (frame.url === '' && !isEngineState && (isNative(frame) || stage === 'ring')) return `native code, called by ${caller}`;
  return frame.functionName || '(anonymous)';
}
