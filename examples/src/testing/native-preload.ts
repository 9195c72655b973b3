/**
 * For `node --import`: gives a program npm `webgpu` itself, in the program's own process. What gpup is
 * compared with; no guest ever runs so.
 */
interface DawnModule {
  create(flags: readonly string[]): object;
  readonly globals: Readonly<Record<string, unknown>>;
}

// By name at run time only: its type declarations need the DOM's.
const name: string = 'webgpu';
const { create, globals } = (await import(name)) as DawnModule;
Object.assign(globalThis, globals);
const scope = globalThis as { navigator?: object };
if (scope.navigator === undefined) Object.defineProperty(scope, 'navigator', { value: {}, configurable: true });
Object.defineProperty(scope.navigator, 'gpu', { value: create(['backend=vulkan']), configurable: true });
