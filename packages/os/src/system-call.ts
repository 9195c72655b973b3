import { lastError, libc } from './libc.ts';

/** A system call by its number, for those that the C library has no name for. Arguments are numbers or addresses. */
export function systemCall(name: string, call: number, ...args: readonly number[]): number {
  // Some calls want zeros in what they do not use.
  const [first = 0, second = 0, third = 0, fourth = 0, fifth = 0] = args;
  const result = libc().syscall(call, first, second, third, fourth, fifth);
  if (result === -1) throw lastError(name);
  return result;
}

/** Memory of this process that stays where it is, for what the kernel reads and writes by address. */
export interface NativeMemory {
  readonly address: number;
  readonly fields: DataView;
}

export function nativeMemory(byteLength: number): NativeMemory {
  // V8 never moves the bytes of an ArrayBuffer made so.
  const buffer = new ArrayBuffer(byteLength);
  return { address: Number(libc().koffi.address(new Uint8Array(buffer))), fields: new DataView(buffer) };
}

/** Pages of this process's own. They stay until `unmapPages`, and views of them must not be used after it. */
export function mapPrivatePages(byteLength: number): NativeMemory {
  const { koffi, mmap } = libc();
  const address = BigInt.asIntN(64, BigInt(mmap(0n, byteLength, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
  if (address === -1n) throw lastError('mmap', `${byteLength} bytes`);
  return { address: Number(address), fields: new DataView(koffi.view(address, byteLength)) };
}

// From <asm-generic/mman-common.h>.
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_PRIVATE = 0x02;
const MAP_ANONYMOUS = 0x20;
