import { GuestFault } from '@gpup/base';
import { Reader } from '@gpup/wire';
import { KIND_NAMES, Kind } from './generated/kinds.gen.ts';
import type { Known, ObjectTable } from './object-table.ts';
import type { References } from './references.ts';

/** What the reader needs besides the words: where handles lead, and who notes that they were named. */
export interface CommandReaderOptions {
  readonly table: ObjectTable;
  readonly references: References;
  /** The view that stands for a texture where a view is expected. */
  readonly defaultView: (texture: Known<GPUTexture>) => GPUTextureView;
}

/**
 * Reads a guest's packets: handles become objects that exist, are ready and have the kind that the
 * field asks for; anything else is a GuestFault.
 */
export class CommandReader extends Reader {
  readonly #table: ObjectTable;
  readonly #references: References;
  readonly #defaultView: (texture: Known<GPUTexture>) => GPUTextureView;
  /** The longest string that the packet at hand may carry. */
  stringBytesMax = 0;

  constructor(options: CommandReaderOptions) {
    super();
    this.#table = options.table;
    this.#references = options.references;
    this.#defaultView = options.defaultView;
  }

  override string(): string {
    const byteLength = this.position < this.end ? (this.words[this.position] as number) : 0;
    if (byteLength > this.stringBytesMax) {
      throw new GuestFault('string-size', `A string has ${byteLength} bytes, the limit is ${this.stringBytesMax}.`);
    }
    return super.string();
  }

  /** A handle that the guest gives to an object it creates: its slot must be free. */
  fresh(): number {
    const handle = this.u32();
    this.#table.checkFresh(handle);
    return handle;
  }

  any(): Known {
    const known = this.#table.lookup(this.u32());
    this.#references.note(known);
    return known;
  }

  known<N>(kind: number): Known<N> {
    const handle = this.u32();
    const known = this.#table.lookup(handle);
    if (known.kind !== kind) throw wrongKind(known, KIND_NAMES[kind] as string);
    this.#references.note(known);
    return known as Known<N>;
  }

  knownOrNull<N>(kind: number): Known<N> | null {
    return this.#skipNull() ? null : this.known<N>(kind);
  }

  native(kind: number): unknown {
    return this.known(kind).native;
  }

  nativeOrNull(kind: number): unknown {
    return this.#skipNull() ? null : this.known(kind).native;
  }

  #skipNull(): boolean {
    if (this.position >= this.end || this.words[this.position] !== 0) return false;
    this.position++;
    return true;
  }

  /** A field for a kind of object that no guest can have. */
  noObject(): never {
    throw new GuestFault('wrong-kind', `A field names an object (${this.u32()}) of a kind that does not exist here.`);
  }

  textureOrView(): GPUTextureView {
    const known = this.any();
    if (known.kind === Kind.GPUTextureView) return known.native as GPUTextureView;
    if (known.kind === Kind.GPUTexture) return this.#defaultView(known as Known<GPUTexture>);
    throw wrongKind(known, 'GPUTexture or GPUTextureView');
  }

  /** Handle 0 stands for 'auto'. */
  layoutOrAuto(): unknown {
    return this.#skipNull() ? 'auto' : this.native(Kind.GPUPipelineLayout);
  }

  bindingResource(decodeBufferBinding: (r: CommandReader) => GPUBufferBinding): GPUBindingResource {
    const tag = this.u32();
    if (tag === 1) return decodeBufferBinding(this);
    if (tag !== 0) throw new GuestFault('bad-tag', `A binding's resource has the unknown tag ${tag}.`);
    const known = this.any();
    switch (known.kind) {
      case Kind.GPUSampler:
      case Kind.GPUTextureView:
        return known.native as GPUSampler | GPUTextureView;
      case Kind.GPUTexture:
        return this.#defaultView(known as Known<GPUTexture>);
      case Kind.GPUBuffer:
        return { buffer: known.native as GPUBuffer };
      default:
        throw wrongKind(known, 'resource of a binding');
    }
  }

  sequence<T>(read: () => T): T[] {
    const count = this.count();
    const elements: T[] = [];
    for (let i = 0; i < count; i++) elements.push(read());
    return elements;
  }

  /** Keys are the guest's: without a prototype, `__proto__` is a key like any other. */
  record<T>(read: () => T): Record<string, T> {
    const count = this.count();
    const record = Object.create(null) as Record<string, T>;
    for (let i = 0; i < count; i++) {
      const key = this.string();
      record[key] = read();
    }
    return record;
  }
}

function wrongKind(known: Known, expected: string): GuestFault {
  return new GuestFault('wrong-kind', `Handle ${known.handle} names a ${KIND_NAMES[known.kind]}, expected a ${expected}.`);
}
