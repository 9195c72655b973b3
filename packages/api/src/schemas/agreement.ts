/**
 * The compiler's proof that the schemas and packages/pf/src/actions.ts say the same: with a field more, a field less, or
 * another type on either side, this file does not compile. It exports only what the compiler would else drop.
 */
import type {
  AdapterScheduling,
  AdapterView,
  Allocation,
  AuditEntry,
  ContextView,
  HostEvent,
  HostView,
  IssuedToken,
  PartitionChange,
  PartitionRequest,
  PartitionView,
  RotationRequest,
  TokenRequest,
  UsageReport,
} from '@gpup/pf/actions';
import type { ADAPTER_CHANGE, ADAPTER_VIEW, SCHEDULING_CHANGE } from './adapter.ts';
import type { AUDIT_ENTRY } from './audit.ts';
import type { CONTEXT_VIEW } from './context.ts';
import type { HOST_EVENT } from './event.ts';
import type { HOST_VIEW } from './host.ts';
import type { ALLOCATION, PARTITION_CHANGE, PARTITION_REQUEST, PARTITION_VIEW } from './partition.ts';
import type { TypeOf } from './schema.ts';
import type { ISSUED_TOKEN, ROTATION_REQUEST, TOKEN_REQUEST } from './token.ts';
import type { USAGE_REPORT } from './usage.ts';

/** Without `readonly`, and with intersections and interfaces written out: what is left is compared to the letter. */
type Plain<T> = T extends readonly (infer Item)[] ? Plain<Item>[] : T extends object ? { -readonly [Name in keyof T]: Plain<T[Name]> } : T;
type Same<A, B> = (<T>() => T extends Plain<A> ? 1 : 2) extends <T>() => T extends Plain<B> ? 1 : 2 ? true : false;
type Holds<T extends true> = T;

export type Agreement = [
  Holds<Same<TypeOf<typeof HOST_VIEW>, HostView>>,
  Holds<Same<TypeOf<typeof ADAPTER_VIEW>, AdapterView>>,
  Holds<Same<TypeOf<typeof ADAPTER_CHANGE>['mode'], AdapterView['mode']>>,
  Holds<Same<TypeOf<typeof SCHEDULING_CHANGE>, Partial<AdapterScheduling>>>,
  Holds<Same<TypeOf<typeof PARTITION_REQUEST>, PartitionRequest>>,
  Holds<Same<TypeOf<typeof PARTITION_CHANGE>, PartitionChange>>,
  Holds<Same<TypeOf<typeof PARTITION_VIEW>, PartitionView>>,
  Holds<Same<TypeOf<typeof ALLOCATION>, Allocation>>,
  Holds<Same<TypeOf<typeof CONTEXT_VIEW>, ContextView>>,
  Holds<Same<TypeOf<typeof HOST_EVENT>, HostEvent>>,
  Holds<Same<TypeOf<typeof TOKEN_REQUEST>, TokenRequest>>,
  Holds<Same<TypeOf<typeof ROTATION_REQUEST>, RotationRequest>>,
  Holds<Same<TypeOf<typeof ISSUED_TOKEN>, IssuedToken>>,
  Holds<Same<TypeOf<typeof USAGE_REPORT>, UsageReport>>,
  Holds<Same<TypeOf<typeof AUDIT_ENTRY>, AuditEntry>>,
];
