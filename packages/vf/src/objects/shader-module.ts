import { describeError } from '../backend.ts';
import type { Context } from '../context.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { deviceOf } from './device.ts';

type ShaderModuleHandlers = Pick<Handlers, 'GPUDevice.createShaderModule' | 'GPUShaderModule.getCompilationInfo'>;

export function shaderModuleHandlers(context: Context): ShaderModuleHandlers {
  const { replies } = context;
  return {
    'GPUDevice.createShaderModule'(self, result, descriptor) {
      const device = deviceOf(self);
      context.compile(Kind.GPUShaderModule, result, device, descriptor, () => device.native.createShaderModule(descriptor));
    },

    'GPUShaderModule.getCompilationInfo'(self, request) {
      replies.expect();
      context.backend.hurry();
      context.settle(
        self.native.getCompilationInfo(),
        ({ messages }) => replies.json(request, { messages: messages.map(plainMessage) }),
        (error) => replies.error(request, describeError(error)),
      );
    },
  };
}

function plainMessage({ message, type, lineNum, linePos, offset, length }: GPUCompilationMessage): Record<string, string | number> {
  return { message, type, lineNum, linePos, offset, length };
}
