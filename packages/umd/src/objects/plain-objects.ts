/** Objects without behaviour of their own: the host holds everything about them. */
import * as encode from '@gpup/wire/encode';
import type * as I from '../generated/impl.gen.ts';
import type * as T from '../generated/types.gen.ts';
import { makeException } from '../errors.ts';
import { DeviceObject, RECORDING_BYTES } from './host-object.ts';
import type { Device } from './device.ts';

export class Sampler extends DeviceObject implements I.GPUSamplerImpl {}

export class TextureView extends DeviceObject implements I.GPUTextureViewImpl {
  /** Of the view where it says so, else of its texture. */
  readonly format: T.GPUTextureFormat;
  readonly sampleCount: number;

  constructor(device: Device, label: string, { format, sampleCount }: { readonly format: T.GPUTextureFormat; readonly sampleCount: number }) {
    super(device, label);
    this.format = format;
    this.sampleCount = sampleCount;
  }
}

export class BindGroupLayout extends DeviceObject implements I.GPUBindGroupLayoutImpl {}
export class PipelineLayout extends DeviceObject implements I.GPUPipelineLayoutImpl {}
export class BindGroup extends DeviceObject implements I.GPUBindGroupImpl {}

export class RenderBundle extends DeviceObject implements I.GPURenderBundleImpl {
  constructor(device: Device, label: string) {
    super(device, label, RECORDING_BYTES);
  }
}

class Pipeline extends DeviceObject {
  /** Each call makes a new object, as the specification says: [NewObject]. */
  getBindGroupLayout(index: number): BindGroupLayout {
    const layout = new BindGroupLayout(this.device, '');
    const encodeCall = this instanceof ComputePipeline ? encode.encodeGPUComputePipelineGetBindGroupLayout : encode.encodeGPURenderPipelineGetBindGroupLayout;
    encodeCall(this.device.context.out, this.handle, layout.handle, index);
    this.device.context.written();
    return layout;
  }
}

export class ComputePipeline extends Pipeline implements I.GPUComputePipelineImpl {}
export class RenderPipeline extends Pipeline implements I.GPURenderPipelineImpl {}

export class QuerySet extends DeviceObject implements I.GPUQuerySetImpl {
  readonly type: T.GPUQueryType;
  readonly count: number;

  constructor(device: Device, descriptor: T.GPUQuerySetDescriptor) {
    super(device, descriptor.label, descriptor.count * 8);
    this.type = descriptor.type;
    this.count = descriptor.count;
  }

  destroy(): void {
    encode.encodeGPUQuerySetDestroy(this.device.context.out, this.handle);
    this.device.context.written();
    this.device.context.emptied(this.lease);
  }
}

interface MessageJson {
  readonly message: string;
  readonly type: T.GPUCompilationMessageType;
  readonly lineNum: number;
  readonly linePos: number;
  readonly offset: number;
  readonly length: number;
}

class CompilationMessage implements I.GPUCompilationMessageImpl {
  wrapper: object | undefined = undefined;
  readonly message: string;
  readonly type: T.GPUCompilationMessageType;
  readonly lineNum: number;
  readonly linePos: number;
  readonly offset: number;
  readonly length: number;

  constructor(json: MessageJson) {
    this.message = json.message;
    this.type = json.type;
    this.lineNum = json.lineNum;
    this.linePos = json.linePos;
    this.offset = json.offset;
    this.length = json.length;
  }
}

class CompilationInfo implements I.GPUCompilationInfoImpl {
  wrapper: object | undefined = undefined;
  readonly messages: readonly CompilationMessage[];

  constructor(messages: readonly MessageJson[]) {
    this.messages = messages.map((each) => new CompilationMessage(each));
  }
}

export class ShaderModule extends DeviceObject implements I.GPUShaderModuleImpl {
  getCompilationInfo(): Promise<CompilationInfo> {
    const { context } = this.device;
    return new Promise((resolve, reject) => {
      const request = context.request({
        json: (text) => resolve(new CompilationInfo((JSON.parse(text) as { messages: MessageJson[] }).messages)),
        error: (name, reason, message) => reject(makeException(name, reason, message)),
        lost: () => resolve(new CompilationInfo([])),
      });
      encode.encodeGPUShaderModuleGetCompilationInfo(context.out, this.handle, request);
      context.sent(request);
    });
  }
}
