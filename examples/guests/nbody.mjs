// Two colliding galaxies: an n-body simulation in a WebGPU compute shader. After every step the new
// state is read back and checked against the same step done here in 32-bit floats. The stars' light
// is gathered over all steps by a render pass and written as a PNG.
import { resolve } from 'node:path';
import { emit, main, watchDevice } from './cli.mjs';
import { readPixels, sha256, writePng } from './pixels.mjs';
import { seededRandom } from './random.mjs';

const WORKGROUP = 64;
const TIME_STEP = 0.016;
const SOFTENING = 0.0025; // squared length added to every squared distance: no infinite pull up close
const KEPT_LIGHT = 0.95; // how much of a trail's light is still there one step later
const FLOATS = 8; // a body: position x y z, mass, velocity x y z, which galaxy
// How far a step on the GPU may be from the step here, as a part of the value. WGSL lets a shader
// compiler fuse multiplications with additions, and inverseSqrt be 2 ULP off: over a sum of a
// thousand pulls that is about a millionth at worst. A wrong result is off by far more.
const TOLERANCE = 5e-6;
const LEAST_LENGTH = 0.1; // vectors shorter than this are measured against this: lengths are around 1

await main({
  name: 'nbody.mjs',
  summary: 'Simulates two colliding galaxies in a WebGPU compute shader, checks every step against\n' +
    'the CPU and writes the light of all steps as a PNG. Exits with 1 if a step is off by more than\n' +
    `${TOLERANCE} of its value.`,
  options: {
    steps: { help: 'Time steps', default: 90, max: 100_000 },
    bodies: { help: `Bodies, a multiple of ${WORKGROUP}`, default: 1024, min: WORKGROUP, max: 65536, multipleOf: WORKGROUP },
    size: { help: 'Picture width and height in pixels', default: 720, min: 16, max: 8192 },
    seed: { help: 'Seed for the stars\' places', default: 1, min: 0, max: 2 ** 31 - 1 },
    out: { help: 'Where to write the picture', default: 'nbody.png' },
  },
}, async ({ steps, bodies, size, seed, out }) => {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no GPU adapter');
  const device = await adapter.requestDevice();
  watchDevice(device);

  let state = makeGalaxies(bodies, seed);
  const simulation = makeSimulation(device, state);
  const camera = makeCamera(device, size);

  let maxError = 0;
  for (let step = 1; step <= steps; step++) {
    // Each step is checked from the state that the GPU itself started from: trajectories of an
    // n-body system drift apart exponentially, a single step does not.
    const pending = simulation.step((encoder, buffer) => camera.expose(encoder, buffer, bodies));
    const expected = stepHere(state);
    const actual = await pending;
    const error = relativeError(actual, expected);
    maxError = Math.max(maxError, error);
    state = actual;
    if (!(error <= TOLERANCE)) {
      emit('mismatch', { step, error, tolerance: TOLERANCE });
      break;
    }
    if (step === 1 || step === steps || step % 5 === 0) emit('progress', { step, steps, error });
  }

  const pixels = await camera.develop();
  await writePng(out, size, size, pixels);
  const right = maxError <= TOLERANCE;
  return {
    work: `${bodies} bodies, ${steps} steps, ${steps * bodies ** 2} interactions in WGSL, each step checked on the CPU`,
    maxRelativeError: maxError,
    tolerance: TOLERANCE,
    stateSha256: sha256(new Uint8Array(state.buffer)),
    pngPath: resolve(out),
    pixelsSha256: sha256(pixels),
    ok: right,
    verdict: right ? 'matches the CPU' : 'does not match the CPU',
  };
});

/** Two discs of light stars, each around a heavy core, on their way into each other. */
function makeGalaxies(count, seed) {
  const random = seededRandom(seed);
  const state = new Float32Array(count * FLOATS);
  const galaxies = [
    { bodies: Math.floor(count * 0.6), at: [-0.5, -0.32, 0], velocity: [0.12, 0.1, 0], mass: 1, radius: 0.66, tilt: 0.5 },
    { bodies: count, at: [0.8, 0.55, 0.1], velocity: [-0.75, 0.05, 0], mass: 0.6, radius: 0.45, tilt: -0.8 },
  ];
  let body = 0;
  galaxies.forEach(({ bodies, at, velocity, mass, radius, tilt }, galaxy) => {
    const core = body;
    for (; body < bodies; body++) {
      const distance = body === core ? 0 : radius * Math.sqrt(0.03 + 0.97 * random());
      const angle = 2 * Math.PI * random();
      // The speed of a circular orbit around the core, in the disc's plane.
      const speed = body === core ? 0 : Math.sqrt(mass * distance ** 2 / (distance ** 2 + SOFTENING) ** 1.5);
      const inDisc = (along, across) => [along, across * Math.cos(tilt), across * Math.sin(tilt)];
      const place = inDisc(distance * Math.cos(angle), distance * Math.sin(angle));
      const motion = inDisc(-speed * Math.sin(angle), speed * Math.cos(angle));
      state.set([
        ...place.map((x, axis) => x + at[axis]), body === core ? mass : 0.1 * mass / count,
        ...motion.map((v, axis) => v + velocity[axis]), galaxy,
      ], body * FLOATS);
    }
  });
  return state;
}

/** The GPU's side: two buffers, each step reading one and writing the other. */
function makeSimulation(device, initial) {
  const count = initial.length / FLOATS;
  const module = device.createShaderModule({
    label: 'n-body step',
    code: /* wgsl */ `
      struct Body { position: vec3f, mass: f32, velocity: vec3f, galaxy: f32 }
      @group(0) @binding(0) var<storage, read> before: array<Body>;
      @group(0) @binding(1) var<storage, read_write> after: array<Body>;
      override softening: f32;
      override timeStep: f32;
      var<workgroup> tile: array<vec4f, ${WORKGROUP}>;

      @compute @workgroup_size(${WORKGROUP})
      fn step(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
        var body = before[id.x];
        var pull = vec3f(0);
        // Bodies are fetched in tiles that the whole workgroup shares.
        for (var start = 0u; start < arrayLength(&before); start += ${WORKGROUP}u) {
          tile[local] = vec4f(before[start + local].position, before[start + local].mass);
          workgroupBarrier();
          for (var i = 0u; i < ${WORKGROUP}u; i++) {
            let offset = tile[i].xyz - body.position;
            let inverse = inverseSqrt(dot(offset, offset) + softening);
            pull += offset * (tile[i].w * inverse * inverse * inverse);
          }
          workgroupBarrier();
        }
        body.velocity += pull * timeStep;
        body.position += body.velocity * timeStep;
        after[id.x] = body;
      }`,
  });
  const pipeline = device.createComputePipeline({
    label: 'n-body step',
    layout: 'auto',
    compute: { module, constants: { softening: SOFTENING, timeStep: TIME_STEP } },
  });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.VERTEX | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  let from = device.createBuffer({ label: 'bodies A', size: initial.byteLength, usage });
  let to = device.createBuffer({ label: 'bodies B', size: initial.byteLength, usage });
  device.queue.writeBuffer(from, 0, initial);
  const readback = device.createBuffer({
    label: 'readback', size: initial.byteLength, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
  });

  return {
    /** Takes one step; `also(encoder, bodies)` records more work with the new state. */
    async step(also) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({
        layout: pipeline.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: { buffer: from } }, { binding: 1, resource: { buffer: to } }],
      }));
      pass.dispatchWorkgroups(count / WORKGROUP);
      pass.end();
      encoder.copyBufferToBuffer(to, 0, readback, 0, initial.byteLength);
      also(encoder, to);
      device.queue.submit([encoder.finish()]);
      [from, to] = [to, from];
      await readback.mapAsync(GPUMapMode.READ);
      const state = new Float32Array(readback.getMappedRange().slice(0));
      readback.unmap();
      return state;
    },
  };
}

/** The same step here, rounding to 32 bits after every operation, as the shader's arithmetic does. */
function stepHere(before) {
  const f = Math.fround;
  const softening = f(SOFTENING), timeStep = f(TIME_STEP);
  const after = before.slice();
  for (let a = 0; a < before.length; a += FLOATS) {
    const x = before[a], y = before[a + 1], z = before[a + 2];
    let pullX = 0, pullY = 0, pullZ = 0;
    for (let b = 0; b < before.length; b += FLOATS) {
      const dx = f(before[b] - x), dy = f(before[b + 1] - y), dz = f(before[b + 2] - z);
      const squared = f(f(f(f(dx * dx) + f(dy * dy)) + f(dz * dz)) + softening);
      const inverse = f(1 / Math.sqrt(squared));
      const weight = f(f(f(before[b + 3] * inverse) * inverse) * inverse);
      pullX = f(pullX + f(dx * weight));
      pullY = f(pullY + f(dy * weight));
      pullZ = f(pullZ + f(dz * weight));
    }
    [pullX, pullY, pullZ].forEach((pull, axis) => {
      const velocity = f(before[a + 4 + axis] + f(pull * timeStep));
      after[a + 4 + axis] = velocity;
      after[a + axis] = f(before[a + axis] + f(velocity * timeStep));
    });
  }
  return after;
}

/** The largest difference between two states, each vector's measured against that vector's length. */
function relativeError(actual, expected) {
  let max = 0;
  for (let i = 0; i < expected.length; i += 4) {
    if (actual[i + 3] !== expected[i + 3]) return Number.MAX_VALUE; // mass and galaxy never change
    const difference = Math.hypot(actual[i] - expected[i], actual[i + 1] - expected[i + 1], actual[i + 2] - expected[i + 2]);
    const length = Math.hypot(expected[i], expected[i + 1], expected[i + 2]);
    const error = difference / Math.max(length, LEAST_LENGTH);
    if (Number.isNaN(error)) return Number.MAX_VALUE; // or it would slip through every comparison
    max = Math.max(max, error);
  }
  return max;
}

/** Gathers the stars' light over time in a float texture, where it slowly fades, so that stars leave trails. */
function makeCamera(device, size) {
  const film = device.createTexture({
    label: 'film', size: [size, size], format: 'rgba16float',
    usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.TEXTURE_BINDING,
  });
  const print = device.createTexture({
    label: 'print', size: [size, size], format: 'rgba8unorm',
    usage: GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC,
  });
  const module = device.createShaderModule({
    label: 'camera',
    code: /* wgsl */ `
      const VIEW = 1.45; // half the width of what the picture shows
      override timeStep: f32;
      const corners = array(vec2f(-1, -1), vec2f(1, -1), vec2f(-1, 1), vec2f(1, 1));

      struct Spot { @builtin(position) position: vec4f, @location(0) at: vec2f, @location(1) light: vec3f }
      @vertex fn star(@builtin(vertex_index) corner: u32, @location(0) body: vec4f, @location(1) motion: vec4f) -> Spot {
        let isCore = body.w > 0.01;
        let radius = select(0.011, 0.065, isCore);
        let warmth = clamp(length(motion.xyz) * 0.4, 0, 1);
        let hues = array(mix(vec3f(0.12, 0.3, 1), vec3f(0.45, 0.75, 1), warmth), mix(vec3f(1, 0.2, 0.15), vec3f(1, 0.65, 0.25), warmth));
        let light = select(hues[u32(motion.w)] * 0.2, vec3f(1, 0.85, 0.6) * 0.3, isCore);
        // Stretched over the way since the step before, so that trails have no gaps.
        let way = motion.xy * timeStep / 2;
        let along = normalize(way + vec2f(1e-9, 0));
        let across = vec2f(-along.y, along.x);
        let stretch = corners[corner] * vec2f(radius + length(way), radius);
        let place = body.xy - way + along * stretch.x + across * stretch.y;
        return Spot(vec4f(place / VIEW, 0, 1), corners[corner], light);
      }
      @fragment fn glow(spot: Spot) -> @location(0) vec4f {
        let falloff = max(0, 1 - dot(spot.at, spot.at));
        return vec4f(spot.light * falloff * falloff, 1);
      }

      @vertex fn sheet(@builtin(vertex_index) corner: u32) -> @builtin(position) vec4f {
        return vec4f(corners[corner], 0, 1);
      }
      @fragment fn fade() -> @location(0) vec4f { return vec4f(0); }
      @group(0) @binding(0) var film: texture_2d<f32>;
      @fragment fn develop(@builtin(position) at: vec4f) -> @location(0) vec4f {
        let light = textureLoad(film, vec2u(at.xy), 0).rgb;
        return vec4f(pow(1 - exp(-light), vec3f(1 / 2.2)) + vec3f(0.01, 0.012, 0.03), 1);
      }`,
  });
  const add = { srcFactor: 'one', dstFactor: 'one', operation: 'add' };
  const stars = device.createRenderPipeline({
    label: 'stars', layout: 'auto', primitive: { topology: 'triangle-strip' },
    vertex: {
      module, entryPoint: 'star', constants: { timeStep: TIME_STEP },
      buffers: [{
        arrayStride: FLOATS * 4, stepMode: 'instance',
        attributes: [
          { shaderLocation: 0, offset: 0, format: 'float32x4' },
          { shaderLocation: 1, offset: 16, format: 'float32x4' },
        ],
      }],
    },
    fragment: { module, entryPoint: 'glow', targets: [{ format: film.format, blend: { color: add, alpha: add } }] },
  });
  const kept = { srcFactor: 'zero', dstFactor: 'constant', operation: 'add' };
  const fader = device.createRenderPipeline({
    label: 'fade', layout: 'auto', primitive: { topology: 'triangle-strip' },
    vertex: { module, entryPoint: 'sheet' },
    fragment: { module, entryPoint: 'fade', targets: [{ format: film.format, blend: { color: kept, alpha: kept } }] },
  });
  const developer = device.createRenderPipeline({
    label: 'develop', layout: 'auto', primitive: { topology: 'triangle-strip' },
    vertex: { module, entryPoint: 'sheet' },
    fragment: { module, entryPoint: 'develop', targets: [{ format: print.format }] },
  });

  let isBlank = true;
  return {
    expose(encoder, bodies, count) {
      const pass = encoder.beginRenderPass({
        colorAttachments: [{ view: film.createView(), loadOp: isBlank ? 'clear' : 'load', storeOp: 'store' }],
      });
      isBlank = false;
      pass.setPipeline(fader);
      pass.setBlendConstant([KEPT_LIGHT, KEPT_LIGHT, KEPT_LIGHT, KEPT_LIGHT]);
      pass.draw(4);
      pass.setPipeline(stars);
      pass.setVertexBuffer(0, bodies);
      pass.draw(4, count);
      pass.end();
    },
    async develop() {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginRenderPass({
        colorAttachments: [{ view: print.createView(), loadOp: 'clear', storeOp: 'store' }],
      });
      pass.setPipeline(developer);
      pass.setBindGroup(0, device.createBindGroup({
        layout: developer.getBindGroupLayout(0),
        entries: [{ binding: 0, resource: film.createView() }],
      }));
      pass.draw(4);
      pass.end();
      device.queue.submit([encoder.finish()]);
      return readPixels(device, print);
    },
  };
}
