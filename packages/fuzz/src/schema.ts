/** The shape of what crosses the wire, as data. The tables themselves are generated from the IDL. */
export type FieldType =
  | { readonly kind: 'bool' | 'u32' | 'i32' | 'u64' | 'optional-u64' | 'f32' | 'f64' | 'string' | 'payload' }
  /** A word that is a handle, but that the decoder hands on without looking it up. */
  | { readonly kind: 'handle' }
  /** A handle of a kind that no guest can have. */
  | { readonly kind: 'no-object' }
  | { readonly kind: 'object' | 'object-or-null'; readonly of: string }
  /** GPUTexture or GPUTextureView; GPUPipelineLayout or 0; a tag, then a handle or a GPUBufferBinding. */
  | { readonly kind: 'texture-or-view' | 'layout-or-auto' | 'binding-resource' }
  /** Values from 1 to `count`. */
  | { readonly kind: 'enum' | 'enum-or-null'; readonly count: number }
  | { readonly kind: 'dict'; readonly name: string }
  /** A boolean, and the value if it is true. */
  | { readonly kind: 'nullable'; readonly of: FieldType }
  | { readonly kind: 'sequence' | 'record'; readonly of: FieldType }
  | { readonly kind: 'u32-array' }
  /** A counted block of recorded commands. */
  | { readonly kind: 'commands' };

export interface FieldSchema {
  readonly name: string;
  readonly type: FieldType;
}

export interface PacketSchema {
  readonly name: string;
  readonly opcode: number;
  readonly self: string | null;
  readonly request: boolean;
  /** Kind of the object that the packet creates. */
  readonly result: string | null;
  readonly fields: readonly FieldSchema[];
}

export interface RecordedSchema {
  readonly name: string;
  readonly op: number;
  readonly fields: readonly FieldSchema[];
}

export interface DictionaryField extends FieldSchema {
  readonly number: number;
  readonly required: boolean;
}

export interface DictionarySchema {
  readonly fields: readonly DictionaryField[];
}
