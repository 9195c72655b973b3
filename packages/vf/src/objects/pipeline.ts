import { describeError } from '../backend.ts';
import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { compiledBytes } from '../host-cost.ts';
import type { Known } from '../object-table.ts';
import { deviceOf } from './device.ts';

type PipelineHandlers = Pick<
  Handlers,
  | 'GPUDevice.createComputePipeline'
  | 'GPUDevice.createRenderPipeline'
  | 'GPUDevice.createComputePipelineAsync'
  | 'GPUDevice.createRenderPipelineAsync'
  | 'GPUComputePipeline.getBindGroupLayout'
  | 'GPURenderPipeline.getBindGroupLayout'
>;

export function pipelineHandlers(context: Context): PipelineHandlers {
  const { replies, table } = context;

  function chargeCompiled<P>(pipeline: Known<P>): Known<P> {
    context.chargeHost(pipeline, compiledBytes(pipeline));
    return pipeline;
  }

  /** The handle is the guest's to use once it has been told that the pipeline is there. */
  function deliver<P>(known: Known<P>, request: number, call: () => Promise<P>): void {
    context.backend.hurry();
    const end = context.compiles.begin(deviceOf(known).known.handle);
    context.settle(
      attempt(call),
      (native) => {
        end();
        known.native = native;
        known.state = 'valid';
        replies.done(request);
      },
      (error) => {
        end();
        table.retract(known);
        replies.error(request, pipelineError(error));
      },
    );
  }

  function layoutOf(self: Known<GPUComputePipeline | GPURenderPipeline>, result: number, index: number): void {
    const device = deviceOf(self);
    context.create(Kind.GPUBindGroupLayout, result, device, {}, () => self.native.getBindGroupLayout(index));
  }

  return {
    'GPUDevice.createComputePipeline'(self, result, descriptor) {
      const device = deviceOf(self);
      chargeCompiled(context.compile(Kind.GPUComputePipeline, result, device, descriptor, () => device.native.createComputePipeline(descriptor)));
    },

    'GPUDevice.createRenderPipeline'(self, result, descriptor) {
      const device = deviceOf(self);
      chargeCompiled(context.compile(Kind.GPURenderPipeline, result, device, descriptor, () => device.native.createRenderPipeline(descriptor)));
    },

    'GPUDevice.createComputePipelineAsync'(self, request, result, descriptor) {
      replies.expect();
      const device = deviceOf(self);
      const known = chargeCompiled(context.createPending<GPUComputePipeline>(Kind.GPUComputePipeline, result, device, descriptor));
      deliver(known, request, () => device.native.createComputePipelineAsync(descriptor));
    },

    'GPUDevice.createRenderPipelineAsync'(self, request, result, descriptor) {
      replies.expect();
      const device = deviceOf(self);
      const known = chargeCompiled(context.createPending<GPURenderPipeline>(Kind.GPURenderPipeline, result, device, descriptor));
      deliver(known, request, () => device.native.createRenderPipelineAsync(descriptor));
    },

    'GPUComputePipeline.getBindGroupLayout'(self, result, index) {
      layoutOf(self, result, index);
    },

    'GPURenderPipeline.getBindGroupLayout'(self, result, index) {
      layoutOf(self, result, index);
    },
  };
}

/** Implementations throw where they ought to reject. */
function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Anything but a GPUPipelineError is an argument that a correct guest driver does not send. */
function pipelineError(error: unknown): { readonly name: string; readonly reason: string; readonly message: string } {
  const { message } = describeError(error);
  const reason = (error as { reason?: unknown } | null)?.reason;
  return { name: 'GPUPipelineError', reason: reason === 'internal' ? reason : 'validation', message };
}
