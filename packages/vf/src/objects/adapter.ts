import { assert } from '@gpup/base';
import { GPUFeatureNameNumbers } from '@gpup/wire/enums';
import { LIMIT_NAMES } from '@gpup/wire/numbers';
import { describeError, filterOf } from '../backend.ts';
import type { Context } from '../context.ts';
import { DeviceState } from '../device-state.ts';
import { ErrorScopes, ScopeAccount } from '../error-scopes.ts';
import type { Handlers } from '../generated/dispatch.gen.ts';
import { Kind } from '../generated/kinds.gen.ts';
import { type Capabilities, narrowed, objectionTo } from '../guest-view.ts';
import type { Known } from '../object-table.ts';

type AdapterHandlers = Pick<Handlers, 'GPU.requestAdapter' | 'GPUAdapter.requestDevice'>;

export function adapterHandlers(context: Context): AdapterHandlers {
  const { replies, table } = context;
  const account = new ScopeAccount(context.hostMemory);

  /** What the guest may know of an adapter. */
  function seenOf(native: GPUAdapter): Capabilities {
    return narrowed(capabilitiesOf(native, native.info), context.view, context.videoMemory.limitBytes);
  }

  function deliverAdapter(known: Known<GPUAdapter>, request: number, native: GPUAdapter | null): void {
    if (native === null) {
      table.retract(known);
      replies.json(request, { adapter: null });
      return;
    }
    known.native = native;
    known.state = 'valid';
    replies.json(request, { adapter: seenOf(native) });
  }

  function deliverDevice(pending: PendingDevice, native: GPUDevice): void {
    const { known, queue, request } = pending;
    const { info } = seenOf(pending.adapter.native);
    const capabilities = { ...capabilitiesOf(native, pending.adapter.native.info), info };
    const device = new DeviceState({
      known,
      native,
      limits: capabilities.limits,
      scopes: new ErrorScopes({
        native,
        limits: context.limits,
        account,
        uncaptured: (filter, message) => replies.uncapturedError(known.handle, filter, message),
      }),
    });
    known.native = native;
    known.device = device;
    known.state = 'valid';
    queue.native = native.queue;
    queue.device = device;
    queue.state = 'valid';
    context.devices.add(device);
    listen(device);
    replies.json(request, capabilities);
  }

  function listen(device: DeviceState): void {
    const { native, known } = device;
    const uncaptured = (event: GPUUncapturedErrorEvent): void => {
      event.preventDefault();
      if (context.isEnded || device.isLost) return;
      context.guard(() => replies.uncapturedError(known.handle, filterOf(event.error), event.error.message));
    };
    native.addEventListener('uncapturederror', uncaptured);
    // The binding holds its listeners for ever: one that knows the device would keep it from being collected.
    device.onLost = () => native.removeEventListener('uncapturederror', uncaptured);
    const lost = ({ reason, message }: Pick<GPUDeviceLostInfo, 'reason' | 'message'>): void => {
      if (!context.devices.has(device)) return;
      context.deviceLost(device);
      replies.deviceLost(known.handle, reason === 'destroyed' ? 'destroyed' : 'unknown', message);
    };
    context.settle(native.lost, lost, () => assert(false, 'GPUDevice.lost rejected'));
  }

  return {
    'GPU.requestAdapter'(request, result, options) {
      replies.expect();
      const known = context.createPending<GPUAdapter>(Kind.GPUAdapter, result, null, {});
      if (++context.adapterCount > context.limits.adapterCountMax) return deliverAdapter(known, request, null);
      const promise = attempt(() => context.backend.gpu.requestAdapter(options as GPURequestAdapterOptions));
      context.settle(
        promise,
        (native) => deliverAdapter(known, request, native),
        () => deliverAdapter(known, request, null),
      );
    },

    'GPUAdapter.requestDevice'(self, request, result, queueHandle, descriptor) {
      replies.expect();
      const known = context.createPending<GPUDevice>(Kind.GPUDevice, result, null, descriptor);
      const queue = context.createPendingAlong<GPUQueue>(Kind.GPUQueue, queueHandle, known, descriptor.defaultQueue ?? {});
      const pending: PendingDevice = { adapter: self, known, queue, request };
      const failed = (error: unknown): void => {
        context.pendingDeviceCount--;
        table.retract(queue);
        table.retract(known);
        replies.error(request, describeError(error));
      };
      const tooMany = context.devices.size + context.pendingDeviceCount >= context.limits.deviceCountMax;
      context.pendingDeviceCount++;
      if (tooMany) {
        failed({ name: 'OperationError', message: `The context has ${context.devices.size} devices, the limit is ${context.limits.deviceCountMax}.` });
        return;
      }
      const objection = objectionTo(descriptor, context.view, () => seenOf(self.native));
      context.settle(
        // Later in either case, as the implementation's own answers come.
        objection === null ? attempt(() => self.native.requestDevice(descriptor)) : Promise.reject(objection),
        (native) => {
          context.pendingDeviceCount--;
          deliverDevice(pending, native);
        },
        failed,
      );
    },
  };
}

interface PendingDevice {
  readonly adapter: Known<GPUAdapter>;
  readonly known: Known<GPUDevice>;
  readonly queue: Known<GPUQueue>;
  readonly request: number;
}

/** Implementations throw where they ought to reject. */
function attempt<T>(call: () => Promise<T>): Promise<T> {
  try {
    return call();
  } catch (error) {
    return Promise.reject(error);
  }
}

function capabilitiesOf(source: Pick<GPUDevice, 'features' | 'limits'>, info: GPUAdapterInfo): Capabilities {
  const features: string[] = [];
  for (const feature of source.features.keys()) if (feature in GPUFeatureNameNumbers) features.push(feature);
  const limits: Record<string, number> = {};
  for (const name of LIMIT_NAMES) {
    const value = (source.limits as unknown as Record<string, unknown>)[name];
    if (typeof value === 'number') limits[name] = value;
  }
  return { features: features.sort(), limits, info: plainInfo(info) };
}

function plainInfo(info: GPUAdapterInfo): Capabilities['info'] {
  const { vendor, architecture, device, description, subgroupMinSize, subgroupMaxSize, isFallbackAdapter } = info;
  return { vendor, architecture, device, description, subgroupMinSize, subgroupMaxSize, isFallbackAdapter };
}
