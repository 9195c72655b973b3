/** Every limit of the API, in one place. */
export const API_LIMITS = {
  // Those of a partition are the physical function's own (packages/pf/src/limits.ts); a test holds the two together.
  nameLengthMax: 40,
  identifierLengthMax: 100,
  baselineNamesMax: 256,
  escapesMax: 64,
  vramBytesMax: 2 ** 40,
  hostBytesMin: 16 * 2 ** 20,
  hostBytesMax: 2 ** 40,
  contextsMax: 64,
  sliceMsMin: 1,
  sliceMsMax: 100,
  /** The longest useful request lists every feature and limit of a baseline: some 10 KiB. */
  bodyBytesMax: 64 << 10,
  urlBytesMax: 2 << 10,
  headerBytesMax: 8 << 10,
  /** From a connection's first byte to the last of its request. */
  requestMsMax: 10_000,
  /** A connection without a request is closed after this. */
  idleMsMax: 30_000,
  /** Of each way in: the Unix socket, and TCP. More than all listeners together, so that requests get in whoever listens. */
  connectionsMax: 256,
  /** Over TCP, of one network, without a token so far. Each is closed after `requestMsMax` if it asks nothing. */
  strangersMax: 32,
  /** What a peer may ask at once, and a second. The peers are the Unix socket, whose users are one, and each network on TCP: an IPv4 address, an IPv6 /64. */
  requestBurstMax: 500,
  requestsPerSecond: 250,
  /** The same of a tenant, all of its tokens together. */
  tenantRequestBurstMax: 200,
  tenantRequestsPerSecond: 50,
  /** Of what changes something: each is two lines of the audit log, synced one by one, which a tenant must neither roll over nor keep the daemon's thread busy with. */
  tenantChangeBurstMax: 20,
  tenantChangesPerSecond: 0.2,
  /** Tokens, or tenants, whose rates are remembered: more than a host can have. */
  callersMax: 2048,
  /** Networks that are remembered; beyond this the one that asked longest ago is forgotten. */
  peersMax: 1024,
  /** Events kept for listeners that come back. */
  backlogEventsMax: 1024,
  /** A backlog of long messages ends here. */
  backlogBytesMax: 512 << 10,
  /** Of operators. */
  listenersMax: 64,
  /** Of one tenant, and of all. */
  tenantListenersMax: 4,
  tenantListenersTotalMax: 128,
  /** What is kept for, and may be unread by, a tenant: events of its own partitions alone, but there may be many tenants. */
  tenantBacklogEventsMax: 256,
  tenantBacklogBytesMax: 64 << 10,
  tenantListenerBytesMax: 256 << 10,
  /** What a listener has not read yet. More than a backlog, so that a replay alone never drops anybody. */
  listenerBytesMax: 1 << 20,
  /** A listener has nothing to say. */
  listenerMessageBytesMax: 1 << 10,
  /** From the close of a listener's WebSocket by us to the end of its connection, and of what it has not read. */
  listenerCloseMsMax: 2_000,
  /** A listener that does not answer a ping until the next one is gone. */
  pingMs: 30_000,
  allocationsMax: 1024,
  allocationsDefault: 20,
  logLinesMax: 10_000,
  logLinesDefault: 200,
  auditEntriesMax: 1000,
  auditEntriesDefault: 100,
  tokenGraceMsMax: 30 * 24 * 3_600_000,
  /** A value in a message for people. */
  quotedLengthMax: 64,
  /** What a client takes as one answer. The longest is a log. */
  answerBytesMax: 64 << 20,
} as const;
