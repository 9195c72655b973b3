import { check, readBack } from '../workloads/workload.ts';
import type { SubmitSize } from './guest-plan.ts';
import { INCREMENT, MULTIPLIER, jumpOf, jumped } from './lcg.ts';

const GROUP = 64;
/** Steps of each invocation, so that a workgroup is some 10 us of one core's time on a software GPU. */
const STEPS = 128;

/** No memory traffic and no barriers: all of the time is arithmetic, which competitors for the GPU share as they share its time. */
const SHADER = `
  @group(0) @binding(0) var<storage, read_write> v: array<u32>;
  @compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3u) {
    var word = v[id.x];
    for (var i = 0u; i < ${STEPS}u; i++) { word = word * ${MULTIPLIER}u + ${INCREMENT}u; }
    v[id.x] = word;
  }`;

const TIMESTAMP_BYTES = 16;
/** What a guest's adapter calls itself ends with its partition. */
const PARTITION_NAME = / \(gpup partition [^)]*\)$/;

/** One place for a submit at a time, with what takes its time. */
export interface Lane {
  /** Submits once more, and resolves when that has finished: with the GPU's own time for it in ms, where it is taken. */
  submit(): Promise<number | undefined>;
}

/** Work of known size for one context of a guest, counted and checked. */
export class ContextLoad {
  readonly adapter: string;
  readonly #device: GPUDevice;
  readonly #groupCount: number;
  readonly #pipeline: GPUComputePipeline;
  readonly #buffer: GPUBuffer;
  readonly #bindGroup: GPUBindGroup;
  readonly #errors: string[] = [];
  #submitCount = 0;

  private constructor(adapter: GPUAdapter, { device, groupCount }: { readonly device: GPUDevice; readonly groupCount: number }) {
    this.adapter = `${adapter.info.vendor} ${adapter.info.description}`.replace(PARTITION_NAME, '').trim();
    this.#device = device;
    this.#groupCount = groupCount;
    device.addEventListener('uncapturederror', (event) => this.#errors.push((event as GPUUncapturedErrorEvent).error.message));
    void device.lost.then(({ message }) => this.#errors.push(`The device is lost: ${message}`));
    this.#pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } });
    this.#buffer = device.createBuffer({ size: this.#wordCount * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(this.#buffer, 0, Uint32Array.from({ length: this.#wordCount }, (_, index) => seedOf(index)));
    this.#bindGroup = device.createBindGroup({ layout: this.#pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: this.#buffer } }] });
  }

  /** A context of its own: each `GPU` has one. */
  static async open(gpu: GPU, { groupCount, isTimed }: SubmitSize & { readonly isTimed: boolean }): Promise<ContextLoad> {
    const adapter = await gpu.requestAdapter();
    if (adapter === null) throw new Error('There is no adapter.');
    const hasClock = isTimed && adapter.features.has('timestamp-query');
    const device = await adapter.requestDevice({ requiredFeatures: hasClock ? ['timestamp-query'] : [] });
    return new ContextLoad(adapter, { device, groupCount });
  }

  lane(): Lane {
    if (!this.#device.features.has('timestamp-query')) return { submit: () => this.#submit() };
    const clock = new SubmitClock(this.#device);
    return { submit: () => this.#submit(clock) };
  }

  /** Rejects if anything that was computed so far is wrong. */
  async verify(): Promise<void> {
    const found = new Uint32Array(await readBack(this.#device, this.#buffer, this.#wordCount * 4));
    const jump = jumpOf(this.#submitCount * STEPS);
    for (let index = 0; index < found.length; index++) {
      check(found[index] === jumped(seedOf(index), jump), `word ${index} of ${found.length} after ${this.#submitCount} submits`);
    }
    if (this.#errors[0] !== undefined) throw new Error(`The device reports an error: ${this.#errors[0]}`);
  }

  get #wordCount(): number {
    return this.#groupCount * GROUP;
  }

  async #submit(clock?: SubmitClock): Promise<number | undefined> {
    const encoder = this.#device.createCommandEncoder();
    const pass = encoder.beginComputePass(clock === undefined ? {} : { timestampWrites: clock.writes });
    pass.setPipeline(this.#pipeline);
    pass.setBindGroup(0, this.#bindGroup);
    pass.dispatchWorkgroups(this.#groupCount);
    pass.end();
    clock?.resolve(encoder);
    this.#device.queue.submit([encoder.finish()]);
    this.#submitCount++;
    if (clock !== undefined) return clock.readMs();
    await this.#device.queue.onSubmittedWorkDone();
    return undefined;
  }
}

/** Different for each word, so that none can stand in for another. */
function seedOf(index: number): number {
  return Math.imul(index + 1, 2654435761) >>> 0;
}

/** Takes the time of one submit at a time by the GPU's clock. */
class SubmitClock {
  readonly #queries: GPUQuerySet;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;

  constructor(device: GPUDevice) {
    this.#queries = device.createQuerySet({ type: 'timestamp', count: 2 });
    this.#resolved = device.createBuffer({ size: TIMESTAMP_BYTES, usage: GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC });
    this.#readable = device.createBuffer({ size: TIMESTAMP_BYTES, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
  }

  get writes(): GPUComputePassTimestampWrites {
    return { querySet: this.#queries, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
  }

  resolve(encoder: GPUCommandEncoder): void {
    encoder.resolveQuerySet(this.#queries, 0, 2, this.#resolved, 0);
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, TIMESTAMP_BYTES);
  }

  /** Resolves when the submit has finished. */
  async readMs(): Promise<number> {
    await this.#readable.mapAsync(GPUMapMode.READ);
    const [beganNs = 0n, endedNs = 0n] = new BigUint64Array(this.#readable.getMappedRange());
    this.#readable.unmap();
    return Number(endedNs - beganNs) / 1e6;
  }
}
