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

/** What is used of it: a build needs no browser. */
declare module 'playwright-core' {
  export interface Page {
    goto(url: string): Promise<unknown>;
    evaluate<A, R>(expression: string | ((argument: A) => R | Promise<R>), argument?: A): Promise<R>;
    on(event: 'crash' | 'close', listener: () => void): void;
    close(): Promise<void>;
  }
  export interface Browser {
    newPage(): Promise<Page>;
    close(): Promise<void>;
    version(): string;
  }
  export const chromium: {
    launch(options: {
      readonly executablePath: string;
      readonly args: readonly string[];
      readonly ignoreDefaultArgs?: readonly string[];
      readonly env?: Readonly<Record<string, string>>;
    }): Promise<Browser>;
  };
}
