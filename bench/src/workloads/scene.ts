import { type Workload, check, readBack } from './workload.ts';

const [WIDTH, HEIGHT] = [256, 144];
const MESH_COUNT = 100;
const FRAME_COUNT = 5;
const COLOURS_MIN = 200;

/** A lit, moving scene of many meshes, with a shadow, rendered by three.js as it is. */
export const sceneFps: Workload = {
  name: 'scene_fps',
  unit: 'frames/s',
  better: 'higher',
  isGpuBound: true,
  async prepare() {
    const canvas = new TextureCanvas(WIDTH, HEIGHT);
    prepareGlobals();
    const THREE = await import('three/webgpu');
    const complaints: string[] = [];
    THREE.setConsoleFunction((type: string, ...message: unknown[]) => {
      if (type === 'error') complaints.push(message.join(' '));
    });
    const renderer = new THREE.WebGPURenderer({ canvas, antialias: true, alpha: false });
    await renderer.init();
    const device = renderer.backend.device as GPUDevice;
    device.addEventListener('uncapturederror', (event) => complaints.push((event as GPUUncapturedErrorEvent).error.message));
    renderer.setSize(WIDTH, HEIGHT, false);
    renderer.shadowMap.enabled = true;

    const scene = new THREE.Scene();
    const camera = new THREE.PerspectiveCamera(45, WIDTH / HEIGHT, 0.1, 50);
    camera.position.set(0, 6, 12);
    camera.lookAt(0, 0, 0);
    const sun = new THREE.DirectionalLight(0xffffff, 3);
    sun.position.set(4, 8, 5);
    sun.castShadow = true;
    sun.shadow.mapSize.set(256, 256);
    Object.assign(sun.shadow.camera, { left: -8, right: 8, top: 8, bottom: -8 });
    scene.add(sun, new THREE.AmbientLight(0x8090b0, 0.6));
    const floor = new THREE.Mesh(new THREE.PlaneGeometry(16, 16), new THREE.MeshStandardMaterial({ color: 0x808890 }));
    floor.rotation.x = -Math.PI / 2;
    floor.receiveShadow = true;
    scene.add(floor);
    const geometries = [new THREE.BoxGeometry(0.6, 0.6, 0.6), new THREE.SphereGeometry(0.4, 12, 8), new THREE.TorusGeometry(0.3, 0.12, 8, 16)];
    const meshes = Array.from({ length: MESH_COUNT }, (_, i) => {
      const material = new THREE.MeshStandardMaterial({ color: new THREE.Color().setHSL(i / MESH_COUNT, 0.8, 0.5), roughness: 0.4 });
      const mesh = new THREE.Mesh(geometries[i % geometries.length], material);
      mesh.castShadow = true;
      scene.add(mesh);
      return mesh;
    });
    let frame = 0;
    const render = (): void => {
      frame++;
      for (const [i, mesh] of meshes.entries()) {
        mesh.position.set((i % 10) * 1.3 - 5.8, 0.8 + 0.4 * Math.sin(frame / 10 + i), Math.floor(i / 10) * 1.3 - 5.8);
        mesh.rotation.set(frame / 20, frame / 15 + i, 0);
      }
      renderer.render(scene, camera);
    };
    await renderer.compileAsync(scene, camera);
    for (let i = 0; i < 3; i++) render();
    await device.queue.onSubmittedWorkDone();

    return {
      async measure(scale) {
        const count = FRAME_COUNT * scale;
        const start = performance.now();
        let previous: Promise<unknown> = Promise.resolve();
        for (let i = 0; i < count; i++) {
          render();
          const done = device.queue.onSubmittedWorkDone();
          await previous;
          previous = done;
        }
        await previous;
        return (count * 1000) / (performance.now() - start);
      },
      async verify() {
        check(complaints.length === 0, complaints.join(' '));
        const colours = new Set(new Uint32Array(await pixelsOf(device, canvas.texture)));
        check(colours.size >= COLOURS_MIN, `the picture has ${colours.size} colours`);
      },
    };
  },
};

async function pixelsOf(device: GPUDevice, texture: GPUTexture): Promise<ArrayBuffer> {
  const bytesPerRow = WIDTH * 4;
  const buffer = device.createBuffer({ size: bytesPerRow * HEIGHT, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyTextureToBuffer({ texture }, { buffer, bytesPerRow }, [WIDTH, HEIGHT]);
  device.queue.submit([encoder.finish()]);
  const pixels = await readBack(device, buffer, bytesPerRow * HEIGHT);
  buffer.destroy();
  return pixels;
}

/** three.js looks for these while it loads, and finds them in every page. */
function prepareGlobals(): void {
  const target = globalThis as { self?: unknown; requestAnimationFrame?: unknown; cancelAnimationFrame?: unknown };
  target.self ??= globalThis;
  // No frame is drawn that is not asked for.
  target.requestAnimationFrame ??= () => 0;
  target.cancelAnimationFrame ??= () => {};
}

/** A canvas that shows nothing: frames go to one texture. In a page as in Node, so that nobody pays for a compositor. */
class TextureCanvas {
  readonly width: number;
  readonly height: number;
  /** three.js sets a size on it. */
  readonly style = {};
  #texture: GPUTexture | undefined;
  #configuration: GPUCanvasConfiguration | undefined;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
  }

  get texture(): GPUTexture {
    if (this.#texture === undefined) {
      const { device, format, usage = GPUTextureUsage.RENDER_ATTACHMENT } = this.#configuration as GPUCanvasConfiguration;
      this.#texture = device.createTexture({ size: [this.width, this.height], format, usage: usage | GPUTextureUsage.COPY_SRC });
    }
    return this.#texture;
  }

  getContext(): object {
    return {
      canvas: this,
      configure: (configuration: GPUCanvasConfiguration): void => {
        this.#configuration = configuration;
        this.#texture?.destroy();
        this.#texture = undefined;
      },
      unconfigure: (): void => {},
      getCurrentTexture: (): GPUTexture => this.texture,
    };
  }

  addEventListener(): void {}
  removeEventListener(): void {}
}
