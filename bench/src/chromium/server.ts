/** Serves the bench's page on the loopback interface: WebGPU wants a secure context, which localhost is. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { assetPath } from '../assets.ts';

export interface PageServer {
  readonly url: string;
  close(): void;
}

/** With these a page is isolated from others, and its clock has ticks of 5 µs instead of 100. */
const ISOLATION = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' } as const;

export async function servePage(): Promise<PageServer> {
  const script = await bundle();
  const server: Server = createServer(async ({ url = '/' }, response) => {
    const send = (type: string, body: string | Uint8Array): void => void response.writeHead(200, { 'Content-Type': type, ...ISOLATION }).end(body);
    if (url === '/') return send('text/html', '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>');
    if (url === '/page.js') return send('text/javascript', script);
    try {
      if (!url.startsWith('/asset/')) throw new Error(`There is no ${url}.`);
      send('application/octet-stream', await readFile(assetPath(url.slice('/asset/'.length))));
    } catch (error) {
      response.writeHead(404, ISOLATION).end((error as Error).message);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, close: () => server.close() };
}

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page.js', import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    // Libraries for both look for Node's modules where there is Node alone.
    external: ['node:*', 'module', 'fs', 'path', 'url', 'worker_threads', 'os', 'util', 'crypto', 'string_decoder', 'node-fetch'],
  });
  return outputFiles[0]?.contents ?? new Uint8Array();
}
