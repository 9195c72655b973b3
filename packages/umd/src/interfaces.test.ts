/** The interface objects against the IDL itself: https://webidl.spec.whatwg.org/#js-interfaces */
import { deepEqual, equal, rejects, throws } from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { type AttributeMemberType, type InterfaceType, type NamespaceType, type OperationMemberType, parse } from 'webidl2';
import { globals } from './create-gpu.ts';

interface Face {
  readonly name: string;
  readonly parent: string | null;
  readonly attributes: readonly AttributeMemberType[];
  readonly operations: ReadonlyMap<string, readonly OperationMemberType[]>;
  readonly isSetlike: boolean;
  readonly isConstructible: boolean;
}

const idl = parse(readFileSync(new URL('../../../idl/webgpu.idl', import.meta.url), 'utf8'));
const TYPE_ERROR = { name: 'TypeError' };

function faces(): Face[] {
  const declared = idl.filter((each) => each.type === 'interface' || each.type === 'interface mixin');
  const membersOf = (name: string): InterfaceType['members'] => declared.filter((each) => each.name === name).flatMap((each) => each.members) as InterfaceType['members'];
  return idl.filter((each): each is InterfaceType => each.type === 'interface' && !each.partial).map((face) => {
    const mixins = idl.flatMap((each) => (each.type === 'includes' && each.target === face.name ? [each.includes] : []));
    const members = [face.name, ...mixins].flatMap(membersOf);
    const operations = new Map<string, OperationMemberType[]>();
    for (const member of members) {
      if (member.type === 'operation') operations.set(member.name as string, [...(operations.get(member.name as string) ?? []), member]);
    }
    return {
      name: face.name,
      parent: face.inheritance,
      attributes: members.filter((member): member is AttributeMemberType => member.type === 'attribute'),
      operations,
      isSetlike: members.some((member) => member.type === 'setlike'),
      isConstructible: members.some((member) => member.type === 'constructor'),
    };
  });
}

type Constructor = (new (...args: unknown[]) => object) & { readonly prototype: object };
const all = faces();
const interfaceOf = (name: string): Constructor => (globals as unknown as Record<string, Constructor>)[name] as Constructor;
const SETLIKE_MEMBERS = ['size', 'has', 'entries', 'keys', 'values', 'forEach'];

function requiredCount(overloads: readonly OperationMemberType[]): number {
  return Math.min(...overloads.map((each) => each.arguments.filter((argument) => !argument.optional).length));
}

function isPromise(type: AttributeMemberType['idlType'] | OperationMemberType['idlType']): boolean {
  return type?.generic === 'Promise';
}

function descriptorOf(name: string, member: string): PropertyDescriptor {
  return Object.getOwnPropertyDescriptor(interfaceOf(name).prototype, member) as PropertyDescriptor;
}

test('every interface and namespace of the IDL is there, and nothing else', () => {
  const namespaces = idl.filter((each) => each.type === 'namespace').map((each) => each.name);
  deepEqual(Object.keys(globals).sort(), [...all.map(({ name }) => name), ...namespaces].sort());
});

for (const { name, parent, attributes, operations, isSetlike, isConstructible } of all) {
  test(`${name} is a class that only says what the IDL says`, () => {
    const face = interfaceOf(name);
    equal(face.name, name);
    const members = [...attributes.map((each) => each.name), ...operations.keys(), ...(isSetlike ? SETLIKE_MEMBERS : [])];
    deepEqual(Object.getOwnPropertyNames(face.prototype).sort(), ['constructor', ...members].sort());
    deepEqual(Object.keys(face.prototype).sort(), members.sort(), 'members are enumerable');
    deepEqual(Object.getOwnPropertyDescriptor(face.prototype, Symbol.toStringTag), { value: name, writable: false, enumerable: false, configurable: true });
    equal(Object.getOwnPropertyDescriptor(face, 'prototype')?.writable, false);
    const expectedParent = parent === null ? Function.prototype : (interfaceOf(parent) ?? (globalThis as unknown as Record<string, object>)[parent]);
    equal(Object.getPrototypeOf(face), expectedParent);
  });

  if (!isConstructible) {
    test(`${name} cannot be constructed`, () => {
      const face = interfaceOf(name);
      equal(face.length, 0);
      throws(() => new face(), { name: 'TypeError', message: 'Illegal constructor' });
      throws(() => new face({}, {}), { name: 'TypeError', message: 'Illegal constructor' });
      throws(() => (face as unknown as () => void)(), TYPE_ERROR);
      throws(() => new (class extends face {})(), TYPE_ERROR);
    });
  }

  for (const { name: attribute, readonly, idlType } of attributes) {
    test(`${name}.${attribute} is an accessor that knows its own`, async () => {
      const { get, set, enumerable, configurable } = descriptorOf(name, attribute);
      deepEqual([typeof get, typeof set, enumerable, configurable], ['function', readonly ? 'undefined' : 'function', true, true]);
      equal(get?.name, `get ${attribute}`);
      for (const stranger of [{}, interfaceOf(name).prototype, undefined]) {
        const read = (): unknown => get?.call(stranger);
        // Outside of an async function: the getter itself must not throw.
        if (isPromise(idlType)) await rejects(read() as Promise<unknown>, TYPE_ERROR);
        else throws(read, TYPE_ERROR);
        if (set !== undefined) throws(() => set.call(stranger, ''), TYPE_ERROR);
      }
    });
  }

  for (const [operation, overloads] of operations) {
    test(`${name}.${operation}() is a method that knows its own`, async () => {
      const { value, writable, enumerable, configurable } = descriptorOf(name, operation) as { value: (...args: unknown[]) => unknown } & PropertyDescriptor;
      deepEqual([typeof value, writable, enumerable, configurable], ['function', true, true, true]);
      deepEqual([value.name, value.length], [operation, requiredCount(overloads)]);
      for (const stranger of [{}, interfaceOf(name).prototype, undefined]) {
        const call = (): unknown => value.call(stranger, {}, {}, {}, {}, {});
        if (isPromise(overloads[0]?.idlType as OperationMemberType['idlType'])) await rejects(call() as Promise<unknown>, TYPE_ERROR);
        else throws(call, TYPE_ERROR);
      }
    });
  }
}

for (const { name, members } of idl.filter((each): each is NamespaceType => each.type === 'namespace')) {
  test(`${name} has the constants of the IDL and cannot be changed`, () => {
    const namespace = (globals as unknown as Record<string, Record<string, number>>)[name] as Record<string, number>;
    const expected = members.map((member) => (member.type === 'const' ? [member.name, Number((member.value as { value: string }).value)] : []));
    deepEqual(Object.entries(namespace), expected);
    equal(Object.prototype.toString.call(namespace), `[object ${name}]`);
    equal(Object.isFrozen(namespace), true);
    throws(() => { namespace[members[0]?.type === 'const' ? members[0].name : ''] = 0; }, TYPE_ERROR);
    throws(() => { namespace['OTHER'] = 0; }, TYPE_ERROR);
  });
}
