/** What `import … from 'gpup'` gives: the running host, for programs. */
export {
  type AdapterView,
  type Allocation,
  type ContextView,
  type EventFrame,
  type Host,
  HostApiError,
  type HostEvent,
  type HostView,
  type OpenHostOptions,
  type PartitionChange,
  type PartitionRequest,
  type PartitionView,
  openHost,
} from '@gpup/api/client';
