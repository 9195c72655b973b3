/** three.js publishes no types. */
declare module 'three/webgpu';

/** The package's own declarations are not among its exports; this is what is used of it. */
declare module 'onnxruntime-web/webgpu' {
  export class Tensor {
    constructor(type: 'float32', data: Float32Array, dims: readonly number[]);
    getData(): Promise<Float32Array>;
  }
  export interface InferenceSession {
    readonly inputNames: readonly string[];
    readonly outputNames: readonly string[];
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
    release(): Promise<void>;
  }
  export const InferenceSession: {
    create(model: Uint8Array, options: { readonly executionProviders: readonly ('wasm' | 'webgpu')[] }): Promise<InferenceSession>;
  };
  export const env: { readonly wasm: { numThreads: number; wasmBinary: ArrayBuffer } };
}
