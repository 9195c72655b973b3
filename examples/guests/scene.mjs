// Renders an animated, lit scene with shadows with three.js (WebGPURenderer), without a screen, and
// writes the last frame as a PNG. Time advances by fixed steps, so every run draws the same frames.
import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { VirtualCanvas } from './dom-shim.mjs'; // before three.js, see there
import * as THREE from 'three/webgpu';
import { color, mix, screenUV, smoothstep } from 'three/tsl';
import { RoomEnvironment } from 'three/addons/environments/RoomEnvironment.js';
import { complain, emit, main, watchDevice } from './cli.mjs';
import { readPixels, sha256, writePng } from './pixels.mjs';
import { seededRandom } from './random.mjs';

const FRAMES_PER_SECOND = 30;
const GLINTS = 7;

await main({
  name: 'scene.mjs',
  summary: 'Renders a lit, animated 3D scene with three.js on WebGPU and writes the last frame as a PNG.',
  options: {
    frames: { help: 'Frames to render', default: 3, max: 100_000 },
    width: { help: 'Picture width in pixels', default: 960, min: 16, max: 8192 },
    height: { help: 'Picture height in pixels', default: 540, min: 16, max: 8192 },
    out: { help: 'Where to write the last frame', default: 'scene.png' },
  },
}, async ({ frames, width, height, out }) => {
  const canvas = new VirtualCanvas(width, height);
  const renderer = new THREE.WebGPURenderer({ canvas, antialias: true, alpha: false });
  await renderer.init();
  const device = renderer.backend.device;
  watchDevice(device);
  // three.js catches errors in making pipelines itself, logs them, and draws without.
  THREE.setConsoleFunction((type, ...message) => {
    console.error(...message);
    if (type === 'error') complain(message.join(' '));
  });
  renderer.setSize(width, height, false);
  renderer.shadowMap.enabled = true;
  renderer.toneMapping = THREE.ACESFilmicToneMapping;

  const all = createHash('sha256');
  let pixels;
  try {
    const { scene, camera, pose } = makeScene(renderer, width / height);
    pose(0);
    await renderer.compileAsync(scene, camera); // all shaders at once, instead of one by one in the first frame
    for (let frame = 1; frame <= frames; frame++) {
      pose((frame - 1) / FRAMES_PER_SECOND);
      renderer.render(scene, camera);
      pixels = await readPixels(device, canvas.getContext('webgpu').getCurrentTexture());
      all.update(pixels);
      emit('progress', { step: frame, steps: frames, pixelsSha256: sha256(pixels) });
    }
  } finally {
    renderer.dispose(); // ends its animation frames, which would keep the process running
  }
  await writePng(out, width, height, pixels);

  const drawn = new Set(new Uint32Array(pixels.buffer)).size > 1000; // a picture, not a blank
  return {
    work: `${frames} frame${frames === 1 ? '' : 's'} of ${width}x${height}, three.js r${THREE.REVISION} on WebGPU`,
    frames,
    pngPath: resolve(out),
    pixelsSha256: sha256(pixels),
    allFramesSha256: all.digest('hex'),
    ok: drawn,
    verdict: drawn ? 'drawn' : 'blank picture',
  };
});

/** Builds the scene; `pose(t)` moves everything to where it is after t seconds. */
function makeScene(renderer, aspect) {
  const scene = new THREE.Scene();
  // Dusk: the floor fades into the horizon's colour, and that into the sky's.
  scene.fog = new THREE.Fog(0x5b6c96, 9, 21);
  scene.backgroundNode = mix(color(0x0b1230), color(0x5b6c96), smoothstep(-0.1, 0.27, screenUV.y));
  // What polished surfaces mirror: a softly lit room, rendered once into a small cube map.
  scene.environment = new THREE.PMREMGenerator(renderer).fromScene(new RoomEnvironment(), 0.04).texture;
  scene.environmentIntensity = 0.35;

  const camera = new THREE.PerspectiveCamera(38, aspect, 0.1, 60);

  const floor = add(scene, new THREE.CircleGeometry(20, 64), {
    map: tiles(), roughnessMap: tiles(true), roughness: 0.75, metalness: 0.1,
  });
  floor.rotation.x = -Math.PI / 2;

  const plinth = add(scene, new THREE.CylinderGeometry(1.35, 1.5, 0.5, 64), { color: 0x8c9096, roughness: 0.45, map: marble() });
  plinth.position.y = 0.25;

  const knot = add(scene, new THREE.TorusKnotGeometry(0.72, 0.24, 160, 24), {
    color: 0xffb84d, metalness: 1, roughness: 0.18,
  });

  const crate = add(scene, new THREE.BoxGeometry(1.3, 1.3, 1.3), { map: planks(), roughness: 0.8 });
  crate.position.set(-3.1, 0.65, -1.6);
  crate.rotation.y = 0.5;

  const column = add(scene, new THREE.CylinderGeometry(0.5, 0.55, 3.2, 48), { map: marble(), roughness: 0.35 });
  column.position.set(3.1, 1.6, -2.2);

  // A ring of balls from matt to mirror-like.
  const balls = Array.from({ length: GLINTS }, (_, i) => add(scene, new THREE.SphereGeometry(0.36, 48, 32), {
    color: new THREE.Color().setHSL(i / GLINTS, 0.75, 0.5),
    metalness: i % 2, roughness: 0.08 + 0.1 * i, clearcoat: 1 - (i % 2), clearcoatRoughness: 0.1,
  }));

  const spot = new THREE.SpotLight(0xffe2bd, 520, 0, 0.42, 0.6);
  spot.target.position.set(0, 0.6, 0);
  const sun = new THREE.DirectionalLight(0x8fb0ff, 0.9);
  sun.position.set(-6, 7, -3);
  Object.assign(sun.shadow.camera, { left: -7, right: 7, top: 7, bottom: -7, near: 1, far: 20 });
  for (const light of [spot, sun]) {
    light.castShadow = true;
    light.shadow.mapSize.set(1024, 1024);
    light.shadow.bias = -0.0005;
    light.shadow.normalBias = 0.02;
    light.shadow.radius = 3;
  }
  const glow = new THREE.PointLight(0xff5a2a, 14, 8);
  scene.add(spot, spot.target, sun, glow);

  const pose = (t) => {
    camera.position.set(7.2 * Math.sin(0.25 * t + 0.35), 3.3, 7.2 * Math.cos(0.25 * t + 0.35));
    camera.lookAt(0, 0.95, 0);
    knot.position.y = 1.85 + 0.08 * Math.sin(2 * t);
    knot.rotation.set(0.3 * t, 0.9 * t, 0);
    balls.forEach((ball, i) => {
      const angle = (i / GLINTS) * 2 * Math.PI + 0.6 * t;
      ball.position.set(2.35 * Math.cos(angle), 0.36 + 0.55 * Math.abs(Math.sin(2.2 * t + i * 0.9)), 2.35 * Math.sin(angle));
    });
    spot.position.set(4.5 * Math.cos(0.4 * t + 0.6), 8, 4.5 * Math.sin(0.4 * t + 0.6));
    glow.position.set(-2.2, 1.2, 1.4 + 0.3 * Math.sin(3 * t));
  };
  return { scene, camera, pose };
}

function add(scene, geometry, material) {
  const mesh = new THREE.Mesh(geometry, new THREE.MeshPhysicalMaterial(material));
  mesh.castShadow = mesh.receiveShadow = true;
  scene.add(mesh);
  return mesh;
}

// Textures are computed, not loaded: `shade(u, v, random)` gives red, green and blue, 0 to 255.
function paint(shade, { size = 256, repeat = 1, isColor = true } = {}) {
  const random = seededRandom(7);
  const data = new Uint8Array(size * size * 4).fill(255);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) data.set(shade(x / size, y / size, random), (y * size + x) * 4);
  }
  const texture = new THREE.DataTexture(data, size, size);
  texture.wrapS = texture.wrapT = THREE.RepeatWrapping;
  texture.repeat.set(repeat, repeat);
  texture.magFilter = THREE.LinearFilter;
  texture.minFilter = THREE.LinearMipmapLinearFilter;
  texture.generateMipmaps = true;
  texture.anisotropy = 4;
  if (isColor) texture.colorSpace = THREE.SRGBColorSpace;
  texture.needsUpdate = true;
  return texture;
}

/** Checkered floor tiles with joints; as a roughness map, the dark tiles are the polished ones. */
function tiles(asRoughness = false) {
  return paint((u, v, random) => {
    const isJoint = Math.min((u * 2) % 1, (v * 2) % 1) < 0.02;
    const isDark = (Math.floor(u * 2) + Math.floor(v * 2)) % 2 === 0;
    const level = asRoughness ? (isJoint ? 255 : isDark ? 70 : 150) : (isJoint ? 40 : isDark ? 44 : 128);
    const shade = level + (asRoughness ? 0 : 14 * random());
    return [shade, shade, asRoughness ? shade : shade * 1.06];
  }, { repeat: 12, isColor: !asRoughness });
}

function planks() {
  return paint((u, v, random) => {
    const edge = Math.min(u, 1 - u, v, 1 - v) < 0.08, gap = (v * 5) % 1 < 0.06;
    const grain = 16 * Math.sin(90 * v + 5 * Math.sin(7 * u)) + 20 * random();
    const shade = (edge ? 120 : gap ? 45 : 165) + grain;
    return [shade, shade * 0.68, shade * 0.4];
  });
}

function marble() {
  return paint((u, v) => {
    const turn = (x) => Math.sin(2 * Math.PI * x);
    const vein = turn(u + v + 0.22 * turn(2 * v + u) + 0.1 * turn(3 * u - 2 * v) + 0.05 * turn(7 * v + 5 * u));
    const shade = 205 - 110 * (1 - Math.abs(vein)) ** 6;
    return [shade, shade * 0.97, shade * 0.93];
  });
}
