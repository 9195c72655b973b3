export type { EventFrame, Hello, Missed } from './event-stream.ts';
export { type Host, type OpenHostOptions, openHost } from './host.ts';
export { HostApiError } from './host-api-error.ts';
export { API_SOCKET_NAME, defaultApiSocketPath, defaultRuntimeDirectory } from './socket-path.ts';
export type {
  AdapterMode,
  AdapterScheduling,
  AdapterView,
  Allocation,
  Baseline,
  Capability,
  CapabilityRequest,
  ContextView,
  HostEvent,
  HostView,
  LatencyClass,
  PartitionChange,
  PartitionRequest,
  PartitionScheduling,
  PartitionState,
  PartitionUsage,
  PartitionView,
  SchedulingPolicy,
  TimestampClass,
} from '@gpup/pf/actions';
