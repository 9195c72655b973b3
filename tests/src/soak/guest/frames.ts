import type { Workshop } from './possessions.ts';

const SIDE = 64;
const TARGET_BYTES = SIDE * SIDE * 4;
const COLOR_BYTES = 16;
const SHADER = `
  @group(0) @binding(0) var<uniform> color: vec4f;
  @vertex fn vertex(@builtin(vertex_index) i: u32) -> @builtin(position) vec4f { return vec4f(f32(i % 2u) * 4.0 - 1.0, f32(i / 2u) * 4.0 - 1.0, 0.0, 1.0); }
  @fragment fn fragment() -> @location(0) vec4f { return color; }`;

/** Draws frames of one colour each by a pass that repeats, and compares the last one. What is wrong, or null; `starved`: there was no room. */
export async function drawFrames(workshop: Workshop, frameCount: number): Promise<string | null> {
  const { gpu } = workshop;
  const { device } = gpu;
  const usage = GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC;
  const target = await gpu.allocate(TARGET_BYTES, () => device.createTexture({ label: 'frame', size: [SIDE, SIDE], format: 'rgba8unorm', usage }));
  if (target === null) return 'starved';
  const color = await gpu.allocate(COLOR_BYTES, () => device.createBuffer({ label: 'color', size: COLOR_BYTES, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST }));
  try {
    return color === null ? 'starved' : await compared(workshop, { target, color, frameCount });
  } finally {
    gpu.release(TARGET_BYTES, target);
    if (color !== null) gpu.release(COLOR_BYTES, color);
  }
}

interface Frames {
  readonly target: GPUTexture;
  readonly color: GPUBuffer;
  readonly frameCount: number;
}

async function compared(workshop: Workshop, { target, color, frameCount }: Frames): Promise<string | null> {
  const { gpu } = workshop;
  const { device } = gpu;
  const module = device.createShaderModule({ code: SHADER });
  const pipeline = device.createRenderPipeline({ layout: 'auto', vertex: { module }, fragment: { module, targets: [{ format: 'rgba8unorm' }] } });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: color } }] });
  const view = target.createView();
  for (let frame = 0; frame < frameCount; frame++) {
    device.queue.writeBuffer(color, 0, Float32Array.of(level(frame) / 255, level(frame + 7) / 255, 0, 1));
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginRenderPass({ colorAttachments: [{ view, loadOp: 'clear', storeOp: 'store' }] });
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.draw(3);
    pass.end();
    gpu.submit(encoder);
  }
  const words = await workshop.read(TARGET_BYTES, (encoder, buffer) => encoder.copyTextureToBuffer({ texture: target }, { buffer, bytesPerRow: SIDE * 4 }, [SIDE, SIDE]));
  const expected = (0xff000000 | (level(frameCount + 6) << 8) | level(frameCount - 1)) >>> 0;
  const wrong = words.findIndex((word) => word !== expected);
  return wrong === -1 ? null : `frame ${frameCount - 1}: texel ${wrong} is ${words[wrong]}, expected ${expected}`;
}

function level(frame: number): number {
  return (frame * 37) % 256;
}
