/**
 * Who may ask what of a host, and what is kept of it: the part of the contract (actions.ts) that is about tenants. A tenant
 * is a name: it exists as far as partitions and tokens carry it.
 */
import type { Socket } from 'node:net';

/** `operator`: everything. `tenant`: its own partitions, as docs/tenants.md has it. */
export type Role = 'operator' | 'tenant';

/** Who asks, as far as the gate knows. */
export interface Caller {
  readonly role: Role;
  /** Null of an operator. */
  readonly tenant: string | null;
  /** The id of the token that was presented; null: the caller could open the API's Unix socket. */
  readonly token: string | null;
  /** False once what was presented would not be taken any more: what lasts longer than a request ends then. */
  isCurrent(): boolean;
}

export interface TokenRequest {
  readonly role: Role;
  /** Whose it is; of the role `tenant` alone. */
  readonly tenant?: string;
  /** For people: what it is used for. */
  readonly name?: string;
}

/** All that is ever told of a token but for its secret, which is told once. */
export interface TokenView {
  readonly id: string;
  readonly name: string | null;
  readonly role: Role;
  readonly tenant: string | null;
  readonly createdMs: number;
  /** Of the newest secret, since this host's start; null: not yet. */
  readonly usedMs: number | null;
  /** Secrets that were rotated away and are taken for a while yet, the newest first. */
  readonly olderSecrets: readonly OlderSecret[];
}

export interface OlderSecret {
  readonly leftMs: number;
  readonly usedMs: number | null;
}

export interface IssuedToken {
  readonly token: TokenView;
  /** What a caller presents. Kept nowhere. */
  readonly secret: string;
}

export interface RotationRequest {
  /** How long older secrets are taken yet. 0: not any more. */
  readonly graceMs?: number;
}

/** Both only rise. */
export interface MeteredFigures {
  readonly gpuSeconds: number;
  /** Video memory in use, added up over time. */
  readonly vramByteHours: number;
}

/** One life of a partition, from its creation to its removal. */
export interface MeteredPartition extends MeteredFigures {
  readonly tenant: string | null;
  readonly partition: string;
  readonly adapter: string;
  readonly createdMs: number;
  /** Null: it lives. */
  readonly removedMs: number | null;
}

/** All that a tenant ever had, removed partitions included that are not listed any more. Null: partitions that are nobody's. */
export interface MeteredTenant extends MeteredFigures {
  readonly tenant: string | null;
}

export interface UsageReport {
  readonly atMs: number;
  /** When this host's metering began. */
  readonly sinceMs: number;
  readonly tenants: readonly MeteredTenant[];
  readonly partitions: readonly MeteredPartition[];
}

/** A change that somebody asks for, as the audit log has it. */
export interface Change {
  /** `host`: nobody asked; the host decided. */
  readonly by: Role | 'host';
  readonly tenant: string | null;
  readonly token: string | null;
  /** Where from, in words. */
  readonly peer: string;
  /** The operation's id in the API's document. */
  readonly operation: string;
  /** What it is done to: a name or a number; empty where the operation has no such thing. */
  readonly target: string;
  /** What was asked for, as the text of a JSON object. */
  readonly asked: string;
}

export interface AuditEntry extends Change {
  /** Rises by one from entry to entry, over restarts: one that is missing has been taken away. */
  readonly id: number;
  readonly timeMs: number;
  /** `done`, `pending`, the code of a refusal, or `unknown`: the host ended before it could tell. */
  readonly outcome: string;
  readonly endedMs: number | null;
}

/** What the gate before a host's operations needs of the host. Nobody asks for it by the API. */
export interface HostAccess {
  /** Whose secret that is; undefined: nobody's. Takes the same time whatever is presented. */
  callerOf(secret: string): Caller | undefined;
  /** Undefined: there is no such partition. Costs the same either way, since nobody may learn it by the time that an answer takes. */
  tenantOfPartition(name: string): string | null | undefined;
  /** Undefined: there is no such context. */
  partitionOfContext(id: number): string | undefined;
  /** Returns when the entry would survive a loss of power. Throws a Refusal where it cannot be written: then nothing may change. */
  beginChange(change: Change): (outcome: string) => void;
  /** Who connected to the API's Unix socket, in words. */
  peerOf(socket: Socket): string;
}
