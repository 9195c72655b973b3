import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { endianness } from 'node:os';
import { libc } from './libc.ts';

/** A shared library that this process has loaded, with the names that its file keeps and the linker does not. */
export interface NativeImage {
  readonly path: string;
  /** The linker's mark of this very build, in hexadecimal; the same in the file and in memory. */
  readonly buildId: string;
  /** Addresses of the names that were asked for, as far as the image has them. */
  readonly addresses: ReadonlyMap<string, number>;
}

export type NativeType = 'void' | 'int32_t' | 'uint32_t' | 'uint64_t' | 'uintptr_t';
/** Arguments above 2^53 are bigints. */
export type NativeFunction = (...values: (number | bigint)[]) => number;

/**
 * Finds a loaded library by its file name, and names in its symbol table, local ones included. Null where
 * there is no such library, more than one, or one that does not say what build it is.
 */
export function loadedImage(fileName: string, names: readonly string[]): NativeImage | null {
  if (process.platform !== 'linux' || endianness() !== 'LE') return null;
  const places = mappedAt(fileName);
  const [place] = places;
  if (place === undefined || places.length > 1) return null;
  const file = openSync(place.path, 'r');
  try {
    const elf = ElfFile.open(file);
    const note = elf?.section(SHT_NOTE, buildIdOf);
    // The first page is mapped whatever the rest looks like.
    if (elf === null || note == null || note.address + note.size > PAGE_BYTES) return null;
    // The file may have been replaced since it was loaded.
    const loaded = Buffer.from(nativeBytes(place.base + note.address, note.size)).toString('hex');
    if (loaded !== note.value) return null;
    return { path: place.path, buildId: note.value, addresses: elf.addressesOf(names, place.base) };
  } finally {
    closeSync(file);
  }
}

/** The function at an address. What is wrong about its type or the address is memory corruption. */
export function nativeFunction(address: number, result: NativeType, parameters: readonly NativeType[]): NativeFunction {
  const { koffi } = libc();
  return koffi.decode(BigInt(address), koffi.proto(result, [...parameters])) as NativeFunction;
}

/** The address of a function that calls `callback`, on the thread of this call only. It stays for ever. */
export function nativeCallback(callback: (...values: number[]) => void, parameters: readonly NativeType[]): number {
  const { koffi } = libc();
  return Number(koffi.register(callback, koffi.pointer(koffi.proto('void', [...parameters]))));
}

/** Memory of this process, for reading and writing. */
export function nativeBytes(address: number, byteLength: number): Uint8Array {
  return new Uint8Array(libc().koffi.view(BigInt(address), byteLength));
}

/** Where the elements of an array lie, as long as it lives; short arrays move, so 64 bytes are too few. */
export function addressOf(array: Uint32Array): number {
  return Number(libc().koffi.address(array));
}

interface Place {
  readonly path: string;
  readonly base: number;
}

/** Where files of this name begin in memory. */
function mappedAt(fileName: string): readonly Place[] {
  const places: Place[] = [];
  for (const line of readFileSync('/proc/self/maps', 'latin1').split('\n')) {
    const fields = /^([0-9a-f]+)-\S+ \S+ 0+ \S+ \S+ +(\/.*)$/.exec(line);
    const [, base = '', path = ''] = fields ?? [];
    if (path.endsWith(`/${fileName}`)) places.push({ path, base: Number.parseInt(base, 16) });
  }
  return places;
}

// From <elf.h>.
const SHT_SYMTAB = 2;
const SHT_NOTE = 7;
const NT_GNU_BUILD_ID = 3;
const ELF_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const NOTE_HEADER_BYTES = 12;
const SECTION_COUNT_MAX = 256;
const PAGE_BYTES = 4096;

interface Section {
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  /** Index of the section that this one refers to: a symbol table's names. */
  readonly link: number;
}

/** The sections of a little-endian 64-bit ELF file that is linked to begin at address 0. */
class ElfFile {
  readonly #file: number;
  readonly #sections: readonly Section[];

  private constructor(file: number, sections: readonly Section[]) {
    this.#file = file;
    this.#sections = sections;
  }

  static open(file: number): ElfFile | null {
    const header = readAt(file, 0, ELF_HEADER_BYTES);
    const isElf64 = header.toString('latin1', 0, 4) === '\x7fELF' && header[4] === 2;
    if (!isElf64) return null;
    const size = header.readUInt16LE(58);
    const count = header.readUInt16LE(60);
    if (count > SECTION_COUNT_MAX) return null;
    const table = readAt(file, Number(header.readBigUInt64LE(40)), count * size);
    const sections = Array.from({ length: count }, (_, index) => sectionAt(table, index * size));
    return new ElfFile(file, sections);
  }

  /** What `read` makes of the first section of a type that it accepts, and where those bytes are. */
  section(type: number, read: (bytes: Buffer) => Found | null): (Found & { readonly address: number }) | null {
    for (const section of this.#sections) {
      if (section.type !== type) continue;
      const found = read(this.#bytes(section));
      if (found !== null) return { ...found, address: section.address + found.offset };
    }
    return null;
  }

  addressesOf(names: readonly string[], base: number): Map<string, number> {
    const addresses = new Map<string, number>();
    const table = this.#sections.find((section) => section.type === SHT_SYMTAB);
    const strings = table === undefined ? undefined : this.#sections[table.link];
    if (table === undefined || strings === undefined) return addresses;
    const symbols = this.#bytes(table);
    const text = this.#bytes(strings);
    const wanted = new Set(names);
    // Tens of thousands of names: the first bytes decide before a string is made of any.
    const beginnings = new Set(names.map((name) => Buffer.from(`${name}\0\0\0\0`).readUInt32LE(0)));
    for (let at = 0; at + SYMBOL_BYTES <= symbols.length; at += SYMBOL_BYTES) {
      const begin = symbols.readUInt32LE(at);
      if (begin + 4 > text.length || !beginnings.has(text.readUInt32LE(begin))) continue;
      const name = text.toString('latin1', begin, text.indexOf(0, begin));
      if (wanted.has(name)) addresses.set(name, base + Number(symbols.readBigUInt64LE(at + 8)));
    }
    return addresses;
  }

  #bytes({ offset, size }: Section): Buffer {
    return readAt(this.#file, offset, size);
  }
}

interface Found {
  readonly value: string;
  readonly offset: number;
  readonly size: number;
}

/** The build id among the notes of a section. */
function buildIdOf(notes: Buffer): Found | null {
  for (let at = 0; at + NOTE_HEADER_BYTES <= notes.length; ) {
    const nameSize = notes.readUInt32LE(at);
    const size = notes.readUInt32LE(at + 4);
    const type = notes.readUInt32LE(at + 8);
    const offset = at + NOTE_HEADER_BYTES + aligned(nameSize);
    const name = notes.toString('latin1', at + NOTE_HEADER_BYTES, at + NOTE_HEADER_BYTES + nameSize);
    if (type === NT_GNU_BUILD_ID && name === 'GNU\0') return { value: notes.toString('hex', offset, offset + size), offset, size };
    at = offset + aligned(size);
  }
  return null;
}

function aligned(size: number): number {
  return (size + 3) & ~3;
}

function sectionAt(table: Buffer, at: number): Section {
  const u64 = (offset: number): number => Number(table.readBigUInt64LE(at + offset));
  return { type: table.readUInt32LE(at + 4), address: u64(16), offset: u64(24), size: u64(32), link: table.readUInt32LE(at + 40) };
}

function readAt(file: number, offset: number, size: number): Buffer {
  if (offset + size > fstatSync(file).size) return Buffer.alloc(0);
  const bytes = Buffer.allocUnsafe(size);
  readSync(file, bytes, 0, size, offset);
  return bytes;
}
