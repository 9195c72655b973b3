import { DICTIONARIES, PACKETS, RECORDED_COMMANDS } from './generated/schema.gen.ts';
import { scopeOf, UNKNOWN_COMMAND, UNKNOWN_OPCODE } from './schema-index.ts';
import type { FieldSchema, FieldType } from './schema.ts';

/** Outcomes that are no fault. */
export const ACCEPTED = 'accepted';
export const APPLICATION_ERROR = 'application-error';

/** What of a packet or command decides which outcomes it can have. */
interface Traits {
  readonly kinds: ReadonlySet<string>;
  readonly hasRequiredMember: boolean;
  readonly wordCountMin: number;
}

/** Faults that a kind of field makes possible, by what the field's decoder checks. */
const FAULTS_OF_KIND: Readonly<Record<string, readonly string[]>> = {
  bool: ['bad-boolean'],
  nullable: ['bad-boolean'],
  u64: ['bad-integer'],
  'optional-u64': ['bad-integer'],
  f32: ['bad-float'],
  f64: ['bad-float'],
  string: ['string-size'],
  payload: ['heap-range'],
  enum: ['bad-enum'],
  'enum-or-null': ['bad-enum'],
  dict: ['unknown-field'],
  sequence: ['bad-count'],
  record: ['bad-count'],
  'u32-array': ['bad-count'],
  commands: ['bad-count'],
  object: ['stale-handle', 'pending-handle', 'wrong-kind'],
  'object-or-null': ['stale-handle', 'pending-handle', 'wrong-kind'],
  'layout-or-auto': ['stale-handle', 'pending-handle', 'wrong-kind'],
  'texture-or-view': ['stale-handle', 'pending-handle', 'wrong-kind'],
  'binding-resource': ['bad-tag', 'stale-handle', 'pending-handle', 'wrong-kind'],
  'no-object': ['wrong-kind'],
};

/** Faults that handlers add to those of the decoder. */
const FAULTS_OF_HANDLER: Readonly<Record<string, readonly string[]>> = {
  'Context.hello': ['hello-twice', 'protocol-version', 'feature-level'],
  'Context.release': ['stale-handle', 'pending-handle'],
  'Context.escape': ['pending-requests', 'bad-enum'],
  'Object.setLabel': ['stale-handle', 'pending-handle', 'label-size'],
  'GPUCommandEncoder.beginRenderPass': ['pass-count'],
  'GPUCommandEncoder.beginComputePass': ['pass-count'],
  'GPUCommandEncoder.finish': ['error-scope-count'],
  'GPURenderBundleEncoder.finish': ['error-scope-count'],
  'GPUTexture.createView': ['error-scope-count'],
  'GPUQueue.writeTexture': ['error-scope-count'],
  'GPUQueue.copyExternalImageToTexture': ['error-scope-count'],
  'GPUDevice.injectError': ['error-scope-count'],
  'GPUAdapter.requestDevice': ['bad-handle', 'busy-handle', 'reused-handle'],
  'GPUDevice.pushErrorScope': ['error-scope-depth'],
  'GPUBuffer.mapAsync': ['heap-range', 'reply-size', 'mapped-range'],
  'GPUBuffer.readMapped': ['heap-range', 'reply-size', 'mapped-range', 'pending-requests'],
  'GPUBuffer.writeMapped': ['mapped-range'],
  'GPUQueue.submit': ['stale-handle', 'pending-handle', 'wrong-kind', 'error-scope-count'],
  'GPUQueue.writeBuffer': ['write-alignment', 'error-scope-count'],
  'GPUBindingCommandsMixin.setImmediates': ['immediates-alignment'],
};

/** Faults of a packet with `result`, of one with `request`, and of any. */
const FAULTS_OF_RESULT = ['bad-handle', 'busy-handle', 'reused-handle', 'object-count', 'journal-size'];
const FAULTS_OF_REQUEST = ['pending-requests'];

/** Packets and commands for which no error of the application exists on the null backend, and why. */
const WITHOUT_APPLICATION_ERROR: Readonly<Record<string, string>> = {
  'GPU.requestAdapter': 'no adapter is an answer, not an error',
  'GPUDevice.destroy': 'destroying anything is always allowed',
  'GPUBuffer.unmap': 'unmapping anything is always allowed',
  'GPUBuffer.destroy': 'destroying anything is always allowed',
  'GPUTexture.destroy': 'destroying anything is always allowed',
  'GPUQuerySet.destroy': 'destroying anything is always allowed',
  'GPUDevice.pushErrorScope': 'errors are what a scope is for',
  'GPUShaderModule.getCompilationInfo': 'answers for invalid modules too',
  'GPUQueue.onSubmittedWorkDone': 'always resolves',
  'Context.hello': 'not a call of an application',
  'Context.release': 'not a call of an application',
  'Object.setLabel': 'any label is allowed',
  'GPUBuffer.writeMapped': 'what is written to no mapping is dropped',
  'GPUDevice.createRenderBundleEncoder': 'the null backend objects to a bundle when it is finished',
  'RecordedPass.define': 'what is wrong in it is an error of the encoders that replay it',
  'GPUDebugCommandsMixin.insertDebugMarker': 'a marker is always allowed',
};

/** Commands without objects, whose numbers the null backend does not look at. */
const NUMBERS_ONLY = 'names no object, and the null backend looks at no numbers';

const ALL_FAULTS: readonly string[] = [
  ...new Set([
    'no-hello', 'bad-opcode', 'packet-truncated', 'packet-trailing', 'missing-field', 'bad-command', 'command-length', 'command-scope',
    ...FAULTS_OF_RESULT, ...FAULTS_OF_REQUEST, ...Object.values(FAULTS_OF_KIND).flat(), ...Object.values(FAULTS_OF_HANDLER).flat(),
  ]),
];

export interface Row {
  readonly name: string;
  readonly isCommand: boolean;
  readonly possible: ReadonlySet<string>;
  /** Why each other outcome cannot be. */
  readonly impossible: ReadonlyMap<string, string>;
}

export const OUTCOMES: readonly string[] = [ACCEPTED, APPLICATION_ERROR, ...ALL_FAULTS];

/** Every row of the report, with the cells that it can fill as the schema implies them. */
export function makeRows(): readonly Row[] {
  const rows: Row[] = [];
  for (const packet of PACKETS) {
    const head: FieldSchema[] = packet.self === null ? [] : [{ name: 'self', type: { kind: 'object', of: packet.self } }];
    const traits = traitsOf([...head, ...packet.fields]);
    const possible = new Set([ACCEPTED, 'packet-trailing', ...faultsOf(packet.name, traits)]);
    if (packet.name !== 'Context.hello') possible.add('no-hello');
    if (traits.wordCountMin > 0 || packet.request || packet.result !== null) possible.add('packet-truncated');
    if (packet.result !== null) for (const fault of FAULTS_OF_RESULT) possible.add(fault);
    if (packet.request) for (const fault of FAULTS_OF_REQUEST) possible.add(fault);
    if (!(packet.name in WITHOUT_APPLICATION_ERROR)) possible.add(APPLICATION_ERROR);
    rows.push(row(packet.name, false, possible));
  }
  rows.push(row(UNKNOWN_OPCODE, false, new Set(['no-hello', 'bad-opcode'])));
  for (const command of RECORDED_COMMANDS) {
    const traits = traitsOf(command.fields);
    const possible = new Set([ACCEPTED, 'packet-trailing', 'command-length', ...faultsOf(command.name, traits)]);
    if (traits.wordCountMin > 0) possible.add('packet-truncated');
    if (scopeOf(command.name) !== 'any') possible.add('command-scope');
    if (canFail(command.name, traits)) possible.add(APPLICATION_ERROR);
    rows.push(row(command.name, true, possible));
  }
  rows.push(row(UNKNOWN_COMMAND, true, new Set(['bad-command', 'command-length'])));
  return rows;
}

function canFail(name: string, traits: Traits): boolean {
  if (name === 'Encoder.fail' || name === 'GPUDebugCommandsMixin.pushDebugGroup' || name === 'GPUDebugCommandsMixin.popDebugGroup') return true;
  return ['object', 'object-or-null', 'texture-or-view'].some((kind) => traits.kinds.has(kind));
}

function faultsOf(name: string, traits: Traits): Set<string> {
  const faults = new Set<string>(FAULTS_OF_HANDLER[name] ?? []);
  for (const kind of traits.kinds) for (const fault of FAULTS_OF_KIND[kind] ?? []) faults.add(fault);
  if (traits.hasRequiredMember) faults.add('missing-field');
  return faults;
}

function row(name: string, isCommand: boolean, possible: ReadonlySet<string>): Row {
  const impossible = new Map<string, string>();
  for (const outcome of OUTCOMES) if (!possible.has(outcome)) impossible.set(outcome, whyNot(name, isCommand, outcome));
  return { name, isCommand, possible, impossible };
}

/** What an outcome needs that the row has not. */
function whyNot(name: string, isCommand: boolean, outcome: string): string {
  if (outcome === ACCEPTED) return 'is never accepted';
  if (name === 'Context.hello' && outcome === 'no-hello') return 'is the greeting itself';
  if (outcome === APPLICATION_ERROR) return WITHOUT_APPLICATION_ERROR[name] ?? NUMBERS_ONLY;
  if (name === UNKNOWN_OPCODE || name === UNKNOWN_COMMAND) return 'nothing of it is decoded';
  if (isCommand && ['no-hello', 'bad-opcode'].includes(outcome)) return 'belongs to the packet around it';
  if (outcome === 'missing-field') return 'has no dictionary with a required member';
  if (outcome === 'packet-truncated') return 'has no fields';
  if (FAULTS_OF_RESULT.includes(outcome)) return 'creates nothing';
  if (FAULTS_OF_REQUEST.includes(outcome)) return 'waits for no reply';
  if (outcome === 'command-scope') return 'may stand anywhere';
  if (outcome === 'bad-opcode') return 'has an opcode, and all that have none are one row';
  if (['bad-command', 'command-length'].includes(outcome)) return 'counts in the row of the command';
  const without = [listed('has no field of type', FAULTS_OF_KIND, outcome), listed('is not', FAULTS_OF_HANDLER, outcome)];
  return without.filter((text) => text !== null).join(' and ');
}

function listed(verb: string, faults: Readonly<Record<string, readonly string[]>>, outcome: string): string | null {
  const names = Object.keys(faults).filter((name) => faults[name]?.includes(outcome));
  return names.length === 0 ? null : `${verb} ${names.join(', ')}`;
}

function traitsOf(fields: readonly FieldSchema[]): Traits {
  const kinds = new Set<string>();
  const seen = new Set<string>();
  let hasRequiredMember = false;
  const visit = (type: FieldType): void => {
    kinds.add(type.kind);
    if (type.kind === 'record') kinds.add('string');
    if ('of' in type && typeof type.of !== 'string') visit(type.of);
    const name = type.kind === 'dict' ? type.name : type.kind === 'binding-resource' ? 'GPUBufferBinding' : null;
    if (name === null || seen.has(name)) return;
    seen.add(name);
    for (const field of DICTIONARIES[name]?.fields ?? []) {
      if (field.required) hasRequiredMember = true;
      visit(field.type);
    }
  };
  for (const { type } of fields) visit(type);
  return { kinds, hasRequiredMember, wordCountMin: fields.length };
}
