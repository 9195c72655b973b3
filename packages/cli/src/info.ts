import { type FoundAdapters, PF_LIMITS, WIRE_PROTOCOL, hardwareAdapters, softwareAdapters } from '@gpup/pf';
import { PRELOAD_PATH, PROVIDER_PATH } from '@gpup/guest';
import { GroupTree } from '@gpup/sandbox/cgroup';
import { type MeasureState, VF_MEASURES, missing, missingText } from '@gpup/sandbox/measures';
import { packageVersion, version } from './version.ts';

type Kind = 'hardware' | 'software';
type Adapter = FoundAdapters['adapters'][number] & { readonly kind: Kind; readonly backend: 'vulkan' };

/** Shows what a partition could be cut from. Fails when there is nothing. */
export async function info({ json }: { readonly json: boolean }): Promise<number> {
  const [hardware, software] = await Promise.all([hardwareAdapters(), softwareAdapters()]);
  const adapters = [...ofKind('hardware', hardware), ...ofKind('software', software)];
  const missing = { hardware: hardware.reasons, software: software.reasons };
  const description = {
    version: version(),
    protocol: WIRE_PROTOCOL,
    node: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    dawn: packageVersion('webgpu'),
    // One machine has one Dawn: whoever could be asked speaks for both.
    executor: software.executor ?? hardware.executor,
    // What a VF takes from itself here; a host adds control groups.
    isolation: isolationOf(software, hardware),
    softwareGpu: packageVersion('@sparticuz/chromium'),
    providerModule: PROVIDER_PATH,
    preloadModule: PRELOAD_PATH,
    limits: { vramBytesMax: PF_LIMITS.vramBytesMax, contextsMax: PF_LIMITS.contextsMax },
    // `gpup run` without --adapter takes the first one.
    adapters,
    missing,
  };
  process.stdout.write(json ? `${JSON.stringify(description, null, 2)}\n` : text(description));
  if (adapters.length > 0) return 0;
  process.stderr.write(`gpup: No GPU found. ${[...missing.hardware, ...missing.software].join(' ')}\n`);
  return 1;
}

function ofKind(kind: Kind, found: FoundAdapters): readonly Adapter[] {
  return found.adapters.map((adapter) => ({ kind, backend: 'vulkan', ...adapter }));
}

function text(description: {
  readonly version: string;
  readonly protocol: string;
  readonly node: string;
  readonly platform: string;
  readonly dawn: string | null;
  readonly executor: FoundAdapters['executor'];
  readonly isolation: readonly MeasureState[];
  readonly providerModule: string;
  readonly preloadModule: string;
  readonly adapters: readonly Adapter[];
  readonly missing: Readonly<Record<Kind, readonly string[]>>;
}): string {
  const lines = [
    `gpup ${description.version}, protocol ${description.protocol}, Dawn of npm webgpu ${description.dawn ?? '(not installed)'}, Node ${description.node} on ${description.platform}`,
    '',
    'Adapters, the default one first:',
    ...description.adapters.map(adapterText),
    ...[...description.missing.hardware, ...description.missing.software].map((reason) => `  (${reason})`),
    '',
    `Commands:         ${executorText(description.executor)}`,
    `Isolation of VFs: ${isolationText(description.isolation)}`,
    `Provider module:  ${description.providerModule}`,
    `Preload module:   ${description.preloadModule}`,
  ];
  return `${lines.join('\n')}\n`;
}

function executorText(executor: FoundAdapters['executor']): string {
  if (executor === null) return 'unknown: no VF process could be asked';
  return executor.kind === 'direct' ? "recorded by Dawn's C API" : `recorded by Dawn's Node binding (C API: ${executor.reason})`;
}

/** Control groups are tried out in passing. */
function isolationOf(software: FoundAdapters, hardware: FoundAdapters): readonly MeasureState[] {
  const tree = GroupTree.open({ name: `gpup-info-${process.pid}` });
  tree.close();
  return [...(hardware.isolation ?? software.isolation ?? VF_MEASURES.map((measure) => missing(measure, 'no VF process could be asked'))), ...tree.states];
}

function isolationText(states: readonly MeasureState[]): string {
  const lacking = missingText(states);
  const named = states.filter(({ isInForce }) => isInForce).map(({ measure }) => measure);
  return lacking === '' ? named.join(', ') : `${named.join(', ')}; missing: ${lacking}`;
}

function adapterText(adapter: Adapter): string {
  const { maxBufferSize } = adapter.limits;
  return `  ${adapter.kind}  ${adapter.name.trim()} (${adapter.vendor}, ${adapter.description}) by ${adapter.backend}; ${adapter.features.length} features, buffers up to ${maxBufferSize} bytes`;
}
