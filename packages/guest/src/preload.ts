/**
 * Loaded into a guest by `node --import`, before any of its modules: installs navigator.gpu and the WebGPU
 * classes. Libraries look at these while they load, so they must be there; most Node processes never do,
 * so the driver itself is loaded at the first look and costs the others nothing.
 */
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

/** Set by the build to the names of the driver's classes and constants. */
declare const GLOBAL_NAMES: readonly string[];

interface Provider {
  create(flags: readonly string[]): object;
  readonly globals: Readonly<Record<string, unknown>>;
}

let provider: Provider | undefined;
let gpu: object | undefined;

function load(): Provider {
  provider ??= createRequire(import.meta.url)('./provider.cjs') as Provider;
  return provider;
}

for (const name of GLOBAL_NAMES) installGlobal(name);
installGpu(navigatorPrototype());

/** Like a global class as WebIDL has it: not enumerable, and a program may put another in its place. */
function installGlobal(name: string): void {
  const replace = (value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
  };
  Object.defineProperty(globalThis, name, {
    get() {
      const value = load().globals[name];
      replace(value);
      return value;
    },
    set: replace,
    enumerable: false,
    configurable: true,
  });
}

function installGpu(target: object): void {
  Object.defineProperty(target, 'gpu', {
    get() {
      gpu ??= load().create([]);
      return gpu;
    },
    // A program that brings a WebGPU of its own may go on using it.
    set(value: unknown) {
      Object.defineProperty(this, 'gpu', { value, writable: true, enumerable: true, configurable: true });
    },
    enumerable: true,
    configurable: true,
  });
}

/** Node has a navigator from version 21 on. For older ones, one with the same properties. */
function navigatorPrototype(): object {
  const existing = (globalThis as { navigator?: object }).navigator;
  if (existing !== undefined) return Object.getPrototypeOf(existing) as object;
  class Navigator {
    get hardwareConcurrency(): number {
      return availableParallelism();
    }
    get language(): string {
      return Intl.DateTimeFormat().resolvedOptions().locale;
    }
    get languages(): readonly string[] {
      return Object.freeze([this.language]);
    }
    get platform(): string {
      return `${process.platform.charAt(0).toUpperCase()}${process.platform.slice(1)} ${process.arch === 'x64' ? 'x86_64' : process.arch}`;
    }
    get userAgent(): string {
      return `Node.js/${process.versions.node.split('.')[0]}`;
    }
  }
  Object.defineProperty(globalThis, 'navigator', { value: new Navigator(), writable: true, enumerable: false, configurable: true });
  return Navigator.prototype;
}
