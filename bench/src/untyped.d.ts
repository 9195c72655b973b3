/** three.js publishes no types. */
declare module 'three/webgpu';

/** The package's own declarations are not among its exports. */
declare module 'onnxruntime-web/webgpu' {
  export * from 'onnxruntime-common';
}
