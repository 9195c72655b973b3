export type { EventFrame, Hello, Missed } from './event-stream.ts';
export { type CallerView, type Host, type OpenHostOptions, openHost } from './host.ts';
export { HostApiError } from './host-api-error.ts';
export { API_SOCKET_NAME, defaultApiSocketPath, defaultRuntimeDirectory } from './socket-path.ts';
export type {
  AdapterMode,
  AdapterView,
  Allocation,
  AuditEntry,
  Baseline,
  Capability,
  CapabilityRequest,
  ContextView,
  HostEvent,
  HostView,
  IssuedToken,
  MeteredFigures,
  MeteredPartition,
  MeteredTenant,
  OlderSecret,
  PartitionChange,
  PartitionRequest,
  PartitionState,
  PartitionUsage,
  PartitionView,
  Role,
  RotationRequest,
  TokenRequest,
  TokenView,
  UsageReport,
} from '@gpup/pf/actions';
