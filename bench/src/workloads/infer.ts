import type { InferenceSession, Tensor } from 'onnxruntime-web/webgpu';
import { type Workload, check } from './workload.ts';

/** What the model takes: a line of text, 48 pixels high, and tells whether it is upside down. */
const SHAPE = [1, 3, 48, 192];
const RUN_COUNT = 2;
/** Convolutions add in another order on a GPU than on a CPU. */
const TOLERANCE = 1e-3;

/** A small image classifier (MobileNetV3) in onnxruntime-web as it is, its result read back each time. */
export const infer: Workload = {
  name: 'infer',
  unit: 'runs/s',
  better: 'higher',
  isGpuBound: true,
  async prepare({ asset }) {
    const ort = await import('onnxruntime-web/webgpu');
    ort.env.wasm.numThreads = 1;
    const binary = await asset('onnxruntime.wasm');
    ort.env.wasm.wasmBinary = binary.buffer.slice(binary.byteOffset, binary.byteOffset + binary.byteLength) as ArrayBuffer;
    const model = await asset('text-direction.onnx');
    const input = new Float32Array(SHAPE.reduce((a, b) => a * b)).map((_, i) => Math.sin(i / 7) * Math.cos((i % 192) / 5));
    const run = async (session: InferenceSession): Promise<Float32Array> => {
      const [inputName = '', outputName = ''] = [session.inputNames[0], session.outputNames[0]];
      const outputs = await session.run({ [inputName]: new ort.Tensor('float32', input, SHAPE) });
      return (outputs[outputName] as Tensor).getData();
    };

    const onCpu = await ort.InferenceSession.create(model, { executionProviders: ['wasm'] });
    const expected = await run(onCpu);
    await onCpu.release();
    const session = await ort.InferenceSession.create(model, { executionProviders: ['webgpu'] });
    let last = await run(session);
    last = await run(session);
    return {
      async measure(scale) {
        const count = RUN_COUNT * scale;
        const start = performance.now();
        for (let i = 0; i < count; i++) last = await run(session);
        return (count * 1000) / (performance.now() - start);
      },
      async verify() {
        const isClose = last.length === expected.length && last.every((value, i) => Math.abs(value - (expected[i] as number)) < TOLERANCE);
        check(isClose, `the model says ${[...last]} on the GPU and ${[...expected]} on the CPU`);
      },
    };
  },
};
