/**
 * What all encoders share: who may record now, and the debug and binding commands.
 *
 * The recorder names one `current` encoder or pass. A command of anybody else takes the slow path,
 * `refuse`, which follows https://gpuweb.github.io/gpuweb/#abstract-opdef-validate-the-encoder-state.
 */
import * as encode from '@gpup/wire/encode';
import type { BufferSource } from '../driver-object.ts';
import type { Recorder } from '../recorder.ts';
import type { Device } from './device.ts';
import type { BindGroup } from './plain-objects.ts';

export abstract class EncoderBase {
  wrapper: object | undefined = undefined;
  readonly device: Device;
  readonly recorder: Recorder;
  label: string;

  constructor(device: Device, recorder: Recorder, label: string) {
    this.device = device;
    this.recorder = recorder;
    this.label = label;
  }

  /** A command while this encoder is not the one that may record. */
  protected abstract refuse(command: string): void;

  pushDebugGroup(groupLabel: string): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('pushDebugGroup');
    encode.recordGPUDebugCommandsMixinPushDebugGroup(recorder, groupLabel);
  }

  popDebugGroup(): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('popDebugGroup');
    encode.recordGPUDebugCommandsMixinPopDebugGroup(recorder);
  }

  insertDebugMarker(markerLabel: string): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('insertDebugMarker');
    encode.recordGPUDebugCommandsMixinInsertDebugMarker(recorder, markerLabel);
  }
}

/** Encoders that bind resources: passes and bundles. */
export abstract class BindingEncoder extends EncoderBase {
  setBindGroup(index: number, bindGroup: BindGroup | null, offsets: Uint32Array, offsetsBegin: number, offsetsEnd: number): void {
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setBindGroup');
    if (bindGroup !== null && bindGroup.recorderStamp !== recorder.stamp) recorder.note(bindGroup);
    encode.recordGPUBindingCommandsMixinSetBindGroup(recorder, index, bindGroup, offsets, offsetsBegin, offsetsEnd);
  }

  /** https://gpuweb.github.io/gpuweb/#dom-gpubindingcommandsmixin-setimmediates */
  setImmediates(rangeOffset: number, data: BufferSource, dataOffset: number, dataSize: number | undefined): void {
    const elementBytes = (data as { BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
    const elementCount = data.byteLength / elementBytes;
    const count = dataSize ?? elementCount - dataOffset;
    if (dataOffset > elementCount || dataOffset + count > elementCount) {
      throw new DOMException(`The range of ${count} from ${dataOffset} is not inside the data (${elementCount}).`, 'OperationError');
    }
    if ((count * elementBytes) % 4 !== 0) {
      throw new DOMException(`The number of bytes to set (${count * elementBytes}) is not a multiple of 4.`, 'OperationError');
    }
    const { recorder } = this;
    if (recorder.current !== this) return this.refuse('setImmediates');
    if (rangeOffset % 4 !== 0) return recorder.fail(`setImmediates(): the range offset (${rangeOffset}) is not a multiple of 4.`);
    const view = ArrayBuffer.isView(data) ? data : new Uint8Array(data);
    const bytes = new Uint8Array(view.buffer, view.byteOffset + dataOffset * elementBytes, count * elementBytes);
    encode.recordGPUBindingCommandsMixinSetImmediates(recorder, rangeOffset, bytes);
  }
}
