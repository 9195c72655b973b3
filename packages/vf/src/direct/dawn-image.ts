import { loadedImage, type NativeFunction, type NativeType, nativeBytes, nativeFunction } from '@gpup/os';

/**
 * The build of dawn.node whose functions are called directly: that of npm `webgpu` 0.6.2 for linux-x64.
 * A type that is wrong corrupts memory, so the types that follow are those of this build and no other.
 * To move to another: compare the signatures below with its webgpu.h, then run the tests of this folder.
 */
const BUILD_ID = '3693d2a824fcf19121d4e90ae90085e8b19bd36d';
const FILE_NAME = 'dawn.node';

/** Dawn's table of functions, which each function of its C API jumps through. */
const TABLE = '_ZL5procs';
/** Larger than the table can be. */
const TABLE_BYTES_MAX = 8192;

/** endbr64; jmp *offset(%rip) */
const JUMP = [0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25] as const;
const JUMP_BYTES = 10;

const RENDER = {
  SetPipeline: ['uintptr_t', 'uintptr_t'],
  SetBindGroup: ['uintptr_t', 'uint32_t', 'uintptr_t', 'uint64_t', 'uintptr_t'],
  SetVertexBuffer: ['uintptr_t', 'uint32_t', 'uintptr_t', 'uint64_t', 'uint64_t'],
  SetIndexBuffer: ['uintptr_t', 'uintptr_t', 'uint32_t', 'uint64_t', 'uint64_t'],
  Draw: ['uintptr_t', 'uint32_t', 'uint32_t', 'uint32_t', 'uint32_t'],
  DrawIndexed: ['uintptr_t', 'uint32_t', 'uint32_t', 'uint32_t', 'int32_t', 'uint32_t'],
  DrawIndirect: ['uintptr_t', 'uintptr_t', 'uint64_t'],
  DrawIndexedIndirect: ['uintptr_t', 'uintptr_t', 'uint64_t'],
} as const satisfies Record<string, readonly NativeType[]>;

const COMPUTE = {
  SetPipeline: ['uintptr_t', 'uintptr_t'],
  SetBindGroup: ['uintptr_t', 'uint32_t', 'uintptr_t', 'uint64_t', 'uintptr_t'],
  DispatchWorkgroups: ['uintptr_t', 'uint32_t', 'uint32_t', 'uint32_t'],
  DispatchWorkgroupsIndirect: ['uintptr_t', 'uintptr_t', 'uint64_t'],
} as const satisfies Record<string, readonly NativeType[]>;

/** Every one of them returns nothing, and reports what is wrong when the encoder finishes. */
const FUNCTIONS = { RenderPassEncoder: RENDER, RenderBundleEncoder: RENDER, ComputePassEncoder: { ...COMPUTE, End: ['uintptr_t'], Release: ['uintptr_t'] } } as const;

/** The rest of a compact command buffer's way. Finish and Submit may report errors at once. Descriptors are null. */
const COMPACT = {
  Device: { CreateCommandEncoder: ['uintptr_t', 'uintptr_t'] },
  CommandEncoder: {
    BeginComputePass: ['uintptr_t', 'uintptr_t'],
    CopyBufferToBuffer: ['uintptr_t', 'uintptr_t', 'uint64_t', 'uintptr_t', 'uint64_t', 'uint64_t'],
    ClearBuffer: ['uintptr_t', 'uintptr_t', 'uint64_t', 'uint64_t'],
    Finish: ['uintptr_t', 'uintptr_t'],
    Release: ['uintptr_t'],
  },
  CommandBuffer: { Release: ['uintptr_t'] },
  Queue: { Submit: ['uintptr_t', 'uint64_t', 'uintptr_t'] },
} as const satisfies Record<string, Record<string, readonly NativeType[]>>;

/** Those of them that return an object. */
const MAKERS: ReadonlySet<string> = new Set(['CreateCommandEncoder', 'BeginComputePass', 'Finish']);

/** Where a device keeps its WGPUUncapturedErrorCallbackInfo, from `callback` on; checked for each device. */
const UNCAPTURED_ERRORS_OFFSET = 176;
/** What the binding puts there: C++'s helper, and as its first argument the binding's own function. */
const UNCAPTURED_CALLBACK = '_ZN4wgpu6detail14CallbackHelperI31WGPUUncapturedErrorCallbackInfoPFvRKNS_6DeviceENS_9ErrorTypeENS_10StringViewEEPFvPKP14WGPUDeviceImpl13WGPUErrorType14WGPUStringViewPvSG_EE4CallESD_SE_SF_SG_SG_';
const UNCAPTURED_LISTENER = '_ZN4wgpu7binding9GPUDevice29handleUncapturedErrorCallbackERKNS_6DeviceENS_9ErrorTypeENS_10StringViewE';

export type RenderFunctions = Readonly<Record<keyof typeof RENDER, NativeFunction>>;
export type ComputeFunctions = Readonly<Record<keyof (typeof FUNCTIONS)['ComputePassEncoder'], NativeFunction>>;
type CompactFunctions = { readonly [F in keyof typeof COMPACT]: Readonly<Record<keyof (typeof COMPACT)[F], NativeFunction>> };

/** Classes whose objects are passed to these functions. */
export const HANDLE_CLASSES = ['RenderPassEncoder', 'RenderBundleEncoder', 'ComputePassEncoder', 'RenderPipeline', 'ComputePipeline', 'BindGroup', 'Buffer', 'CommandBuffer', 'Device', 'Queue'] as const;
export type HandleClass = (typeof HANDLE_CLASSES)[number];

/** What is used of Dawn's C API. */
export interface DawnImage extends CompactFunctions {
  readonly RenderPassEncoder: RenderFunctions;
  readonly RenderBundleEncoder: RenderFunctions;
  readonly ComputePassEncoder: ComputeFunctions;
  /** Where Dawn's table has the function that sets the label of an object of a class: one element. */
  readonly labelSlots: Readonly<Record<HandleClass, BigUint64Array>>;
  /** Where in a device, and with what in it, the binding's callback for uncaptured errors is. */
  readonly uncapturedErrors: { readonly offset: number; readonly callback: bigint; readonly listener: bigint };
}

/** Finds the functions in the dawn.node that this process has loaded, or says why they are not called. */
export function openDawnImage(): DawnImage | string {
  if (process.platform !== 'linux' || process.arch !== 'x64') return `not known for ${process.platform}-${process.arch}`;
  const image = loadedImage(FILE_NAME, symbolNames());
  if (image === null) return `${FILE_NAME} is not loaded as one image with a build id`;
  if (image.buildId !== BUILD_ID) return `${FILE_NAME} is of another build (${image.buildId})`;
  const { addresses } = image;
  const missing = symbolNames().filter((name) => !addresses.has(name));
  if (missing.length > 0) return `${FILE_NAME} has no ${missing.join(', ')}`;
  return {
    RenderPassEncoder: functionsOf('RenderPassEncoder', addresses),
    RenderBundleEncoder: functionsOf('RenderBundleEncoder', addresses),
    ComputePassEncoder: functionsOf('ComputePassEncoder', addresses),
    ...compactFunctions(addresses),
    uncapturedErrors: {
      offset: UNCAPTURED_ERRORS_OFFSET,
      callback: BigInt(addresses.get(UNCAPTURED_CALLBACK) as number),
      listener: BigInt(addresses.get(UNCAPTURED_LISTENER) as number),
    },
    labelSlots: Object.fromEntries(HANDLE_CLASSES.map((name) => [name, labelSlot(name, addresses)])) as DawnImage['labelSlots'],
  };
}

function symbolNames(): string[] {
  const called = Object.entries({ ...FUNCTIONS, ...COMPACT }).flatMap(([face, functions]) => Object.keys(functions).map((name) => `wgpu${face}${name}`));
  return [TABLE, UNCAPTURED_CALLBACK, UNCAPTURED_LISTENER, ...called, ...HANDLE_CLASSES.map(setLabelName)];
}

function setLabelName(handleClass: HandleClass): string {
  return `wgpu${handleClass}SetLabel`;
}

type Addresses = ReadonlyMap<string, number>;

function compactFunctions(addresses: Addresses): CompactFunctions {
  const entries = Object.entries(COMPACT).map(([face, functions]) => {
    const called = Object.entries(functions as Record<string, readonly NativeType[]>).map(([name, parameters]) => {
      return [name, nativeFunction(addresses.get(`wgpu${face}${name}`) as number, MAKERS.has(name) ? 'uintptr_t' : 'void', parameters)];
    });
    return [face, Object.fromEntries(called)];
  });
  return Object.fromEntries(entries) as CompactFunctions;
}

function functionsOf<F extends keyof typeof FUNCTIONS>(face: F, addresses: Addresses): Readonly<Record<keyof (typeof FUNCTIONS)[F], NativeFunction>> {
  const entries = Object.entries(FUNCTIONS[face] as Record<string, readonly NativeType[]>).map(([name, parameters]) => {
    return [name, nativeFunction(addresses.get(`wgpu${face}${name}`) as number, 'void', parameters)];
  });
  return Object.fromEntries(entries) as Readonly<Record<keyof (typeof FUNCTIONS)[F], NativeFunction>>;
}

/** Reads from a function's jump which element of the table it is. */
function labelSlot(handleClass: HandleClass, addresses: Addresses): BigUint64Array {
  const address = addresses.get(setLabelName(handleClass)) as number;
  const table = addresses.get(TABLE) as number;
  const code = Buffer.from(nativeBytes(address, JUMP_BYTES));
  const slot = address + JUMP_BYTES + code.readInt32LE(JUMP.length);
  if (!JUMP.every((byte, index) => code[index] === byte) || slot < table || slot >= table + TABLE_BYTES_MAX) {
    throw new Error(`${setLabelName(handleClass)} does not jump through Dawn's table.`);
  }
  return new BigUint64Array(nativeBytes(slot, 8).buffer);
}
