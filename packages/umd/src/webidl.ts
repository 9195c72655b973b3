/**
 * Web IDL's conversions from JavaScript values (https://webidl.spec.whatwg.org/#js-type-mapping), as
 * far as WebGPU uses them. The generated classes call them; `what` names the value in messages.
 */

/** Only the driver holds it: `new GPUBuffer()` from a program is an illegal constructor call. */
export const TOKEN = Symbol('gpup');

export function checkToken(token: unknown): void {
  if (token !== TOKEN) throw new TypeError('Illegal constructor');
}

export function missing(what: string): never {
  throw new TypeError(`Required member '${what}' is undefined.`);
}

export function wrongType(what: string, expected: string): never {
  throw new TypeError(`${what} is not a ${expected}.`);
}

export function tooFew(where: string, required: number, present: number): never {
  throw new TypeError(`${where} requires at least ${required} argument${required === 1 ? '' : 's'}, but only ${present} present.`);
}

export function count(present: number, required: number, where: string): void {
  if (present < required) tooFew(where, required, present);
}

export function toBoolean(v: unknown): boolean {
  return Boolean(v);
}

/** ToNumber, which throws a TypeError for symbols and BigInts, also for those that an object stands for: Number() would not. */
function toNumber(v: unknown): number {
  return +(v as number);
}

function enforce(v: unknown, min: number, max: number, what: string): number {
  const number = toNumber(v);
  const integer = Math.trunc(number);
  if (!Number.isFinite(number) || integer < min || integer > max) {
    throw new TypeError(`${what} (${String(v)}) is outside the range [${min}, ${max}].`);
  }
  return integer + 0;
}

// Adding 0 makes 0 of -0.

export function enforceU32(v: unknown, what: string): number {
  if (typeof v === 'number' && v >>> 0 === v) return v + 0;
  return enforce(v, 0, 0xffffffff, what);
}

export function enforceI32(v: unknown, what: string): number {
  if (typeof v === 'number' && (v | 0) === v) return v + 0;
  return enforce(v, -0x80000000, 0x7fffffff, what);
}

export function enforceU64(v: unknown, what: string): number {
  if (typeof v === 'number' && v >>> 0 === v) return v + 0;
  return enforce(v, 0, Number.MAX_SAFE_INTEGER, what);
}

export function wrapU32(v: unknown): number {
  return toNumber(v) >>> 0;
}

/** [Clamp] unsigned short: nearest integer, ties to even, then into the range. */
export function clampU16(v: unknown): number {
  const number = toNumber(v);
  if (Number.isNaN(number)) return 0;
  const clamped = Math.min(Math.max(number, 0), 0xffff);
  const floor = Math.floor(clamped);
  const rest = clamped - floor;
  if (rest < 0.5 || (rest === 0.5 && floor % 2 === 0)) return floor;
  return floor + 1;
}

export function toDouble(v: unknown, what: string): number {
  const number = toNumber(v);
  if (!Number.isFinite(number)) throw new TypeError(`${what} (${String(v)}) is not a finite number.`);
  return number;
}

export function toFloat(v: unknown, what: string): number {
  const number = Math.fround(toDouble(v, what));
  if (!Number.isFinite(number)) throw new TypeError(`${what} (${String(v)}) is outside the range of a 32-bit float.`);
  return number;
}

/** Template conversion: ToString, which throws a TypeError for symbols. */
export function toDomString(v: unknown): string {
  return typeof v === 'string' ? v : `${v as string}`;
}

export function toUsvString(v: unknown): string {
  const text = toDomString(v);
  return text.isWellFormed() ? text : text.toWellFormed();
}

export function toEnum(v: unknown, numbers: Readonly<Record<string, number>>, name: string, what: string): string {
  // One of the values is well formed.
  if (typeof v === 'string' && numbers[v] !== undefined) return v;
  const text = toDomString(v);
  if (numbers[text] === undefined) throw new TypeError(`${what}: the provided value '${text}' is not a valid enum value of type ${name}.`);
  return text;
}

export function toLiteral<L extends string>(v: unknown, literal: L, what: string): L {
  const text = toDomString(v);
  if (text !== literal) throw new TypeError(`${what}: the provided value '${text}' is not '${literal}'.`);
  return literal;
}

const NOTHING: Readonly<Record<string, unknown>> = Object.freeze(Object.create(null));

export function toDictionary(v: unknown, what: string): Readonly<Record<string, unknown>> {
  if (v === undefined || v === null) return NOTHING;
  if (typeof v !== 'object' && typeof v !== 'function') throw new TypeError(`${what} is not an object.`);
  return v as Record<string, unknown>;
}

export function isIterable(v: unknown): boolean {
  if ((typeof v !== 'object' && typeof v !== 'function') || v === null) return false;
  const method = (v as { [Symbol.iterator]?: unknown })[Symbol.iterator];
  return method !== undefined && method !== null;
}

const arrayValues = Array.prototype[Symbol.iterator];
const arrayIterator = Object.getPrototypeOf([][Symbol.iterator]()) as { next: unknown };
const arrayNext = arrayIterator.next;

/**
 * Whether the iterator of an array would give its elements by index, as it does unless a program has
 * replaced a part of the protocol: then there is no need to make one.
 */
export function isPristineArray(v: unknown): v is readonly unknown[] {
  return Array.isArray(v) && v[Symbol.iterator] === arrayValues && arrayIterator.next === arrayNext;
}

export function toSequence<T>(v: unknown, what: string, convert: (each: unknown, what: string) => T): T[] {
  const out: T[] = [];
  if (isPristineArray(v)) {
    // The length is read anew each time, as the iterator does: converting may run code that changes it.
    for (let i = 0; i < v.length; i++) out.push(convert(v[i], what));
    return out;
  }
  if (!isIterable(v)) throw new TypeError(`${what} is not iterable.`);
  for (const each of v as Iterable<unknown>) out.push(convert(each, what));
  return out;
}

export function checkCount(present: number, min: number, max: number, what: string): void {
  if (present >= min && present <= max) return;
  throw new TypeError(`${what}: a sequence of ${min === max ? max : `${min} to ${max}`} numbers is expected, ${present} given.`);
}

export function toRecord<T>(v: unknown, what: string, dropUndefined: boolean, convert: (each: unknown) => T): [string, T][] {
  if (typeof v !== 'object' && typeof v !== 'function') throw new TypeError(`${what} is not an object.`);
  const out: [string, T][] = [];
  if (v === null) throw new TypeError(`${what} is not an object.`);
  for (const key of Reflect.ownKeys(v)) {
    if (!Object.getOwnPropertyDescriptor(v, key)?.enumerable) continue;
    const name = toUsvString(key);
    const value = (v as Record<string, unknown>)[key as string];
    if (dropUndefined && value === undefined) continue;
    out.push([name, convert(value)]);
  }
  return out;
}

export function nullable<A, B>(v: A | null, wrap: (v: A) => B): B | null {
  return v === null ? null : wrap(v);
}

/** Web IDL's constant-only namespaces: enumerable, immutable. */
export function namespace<T extends Record<string, number>>(name: string, constants: T): Readonly<T> {
  Object.defineProperty(constants, Symbol.toStringTag, { value: name });
  return Object.freeze(constants);
}

/** Interface members are enumerable, unlike those of a JavaScript class; the tag names the interface. */
export function finishInterface(face: { readonly prototype: object; readonly name: string }, name: string, setlike = false): void {
  for (const key of Object.getOwnPropertyNames(face.prototype)) {
    if (key !== 'constructor') Object.defineProperty(face.prototype, key, { enumerable: true });
  }
  Object.defineProperty(face.prototype, Symbol.toStringTag, { value: name, configurable: true });
  if (!setlike) return;
  const values = Object.getOwnPropertyDescriptor(face.prototype, 'values')?.value as unknown;
  Object.defineProperty(face.prototype, 'keys', { value: values, enumerable: true, configurable: true, writable: true });
  Object.defineProperty(face.prototype, Symbol.iterator, { value: values, configurable: true, writable: true });
}

export function setlikeForEach(self: unknown, values: ReadonlySet<string>, callback: unknown, thisArg: unknown, present: number): void {
  count(present, 1, 'forEach');
  if (typeof callback !== 'function') throw new TypeError('forEach: the callback is not a function.');
  for (const value of values) callback.call(thisArg, value, value, self);
}
