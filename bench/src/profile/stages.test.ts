import { deepEqual, equal } from 'node:assert/strict';
import { test } from 'node:test';
import type { CpuProfile } from './cpu-profile.ts';
import { bundledModules } from './modules.ts';
import { type StageContext, breakDown } from './stages.ts';

const context: StageContext = {
  role: 'vf',
  hasDawn: true,
  placeOf: ({ url, lineNumber }) => (url === '' || url.startsWith('node:') ? undefined : { module: url, line: lineNumber + 1 }),
};

/** One node a stack entry; `[function, url, children…]`. */
type Tree = readonly [string, string, ...Tree[]];

/** Each node is sampled for as many milliseconds as its place in the order of the tree. */
function profileOf(tree: Tree): CpuProfile {
  const nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number }; children: number[] }[] = [];
  const add = ([functionName, url, ...children]: Tree): number => {
    const node = { id: nodes.length + 1, callFrame: { functionName, url, lineNumber: 4 }, children: [] as number[] };
    nodes.push(node);
    for (const child of children) node.children.push(add(child));
    return node.id;
  };
  add(tree);
  const ids = nodes.map(({ id }) => id);
  return { nodes, samples: [...ids, 1], timeDeltas: [0, ...ids.map((id) => id * 1000)], startTime: 0, endTime: 1 };
}

test('a function belongs to the stage of its file, and the engine and Node to that of their caller', () => {
  const { stages, totalUs } = breakDown(
    profileOf([
      '(root)',
      '',
      ['(idle)', ''], // 2 ms
      ['(garbage collector)', ''], // 3
      ['onRing', 'packages/bus/dist/ring.js', ['set', ''], ['dispatch', 'packages/vf/dist/generated/dispatch.gen.js', ['draw', 'packages/vf/dist/objects/recording.js', ['', '']]]], // 4, 5, 6, 7, 8
      ['processImmediate', 'node:internal/timers'], // 9
    ]),
    context,
  );
  deepEqual(Object.fromEntries([...stages].map(([stage, us]) => [stage, us / 1000])), { other: 1 + 9, wait: 2, GC: 3, ring: 4 + 5, decode: 6, execute: 7, Dawn: 8 });
  equal(totalUs, 45_000);
});

test("native code that the link calls is the system's, and without Dawn in the process nothing is Dawn's", () => {
  const tree: Tree = ['(root)', '', ['sendNow', 'packages/os/dist/unix-socket.js', ['', '']], ['frame', 'bench/dist/workloads.js', ['', '']]];
  deepEqual([...breakDown(profileOf(tree), context).stages.keys()], ['other', 'ring', 'program', 'Dawn']);
  deepEqual([...breakDown(profileOf(tree), { ...context, hasDawn: false }).stages.keys()], ['other', 'ring', 'program']);
});

test('the profiler itself is left out', () => {
  const { totalUs } = breakDown(profileOf(['(root)', '', ['obey', 'bench/dist/profile/hook.js', ['post', 'node:inspector']]]), context);
  equal(totalUs, 1000);
});

test('functions are summed over their callers, and named with their place', () => {
  const draw: Tree = ['draw', 'packages/umd/dist/objects/render-commands.js'];
  const { functions } = breakDown(profileOf(['(root)', '', ['a', 'bench/dist/workloads.js', draw], ['b', 'bench/dist/workloads.js', draw]]), context);
  deepEqual(functions[0], { name: 'draw', place: 'packages/umd/dist/objects/render-commands.js:5', stage: 'encode', us: 8000 });
});

test("modules of the guest's bundle are found by their comments", () => {
  deepEqual(bundledModules('"use strict";\n// packages/umd/dist/webidl.js\nfoo();\n// a remark\n// node_modules/koffi/index.cjs'), [
    { line: 1, path: 'packages/umd/dist/webidl.js' },
    { line: 4, path: 'node_modules/koffi/index.cjs' },
  ]);
});
