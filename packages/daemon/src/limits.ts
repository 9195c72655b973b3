/** Every limit of the daemon, in one place; those of its guests and VFs are pf's. */
export const DAEMON_LIMITS = {
  /** Lines of the log that are kept for those who ask. */
  logLinesMax: 1000,
  /** Of one line: a message may quote what a driver has printed. */
  logMessageCharactersMax: 4096,
  /** A log file that has grown to this is put aside; the one that was put aside before goes. */
  logFileBytesMax: 16 << 20,
  /** How often VFs are looked at: their signs of life, their work, their logs. */
  watchMs: 250,
  /** How often what changes slowly is looked at. */
  choresMs: 5_000,
  /** How often what partitions use is read. Video memory that comes and goes between two readings is not seen. */
  meterMs: 1_000,
  /** A file of the audit log that has grown to this is put aside, and so many of those are kept. */
  auditFileBytesMax: 16 << 20,
  auditFilesMax: 15,
  /** Entries that are kept for those who ask, and the bytes of what was asked for in them. */
  auditEntriesMax: 1000,
  auditTailBytesMax: 4 << 20,
  /** What a driver needs to take a killed process down, before the daemon ends without having seen it. */
  stopMsMax: 10_000,
  /** From the start of a daemon to its word that it is ready: a probe of the adapters, and VFs that hang while they are taken over. */
  startMsMax: 90_000,
} as const;
