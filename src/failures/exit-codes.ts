// The codes the server ends with: scripts and orchestrators depend on them, and docs/FAILURES.md lists them.
export const SERVER_EXIT = {
  /** It was asked to end, and ended in order. */
  ok: 0,
  /** It failed, or did not end in time; the last line of the log has the reason. */
  failed: 1,
  /** An option or a setting is wrong. */
  notUnderstood: 2,
  /** The start was refused: the directory, its lock or the port cannot be had. */
  refused: 3,
  /** A write or sync failed, and only a new start tells what the disk holds. */
  storageFailed: 4,
  /** Another process owns the data directory. */
  lostOwnership: 5,
  /** The watchdog ended a process whose event loop stood still: 128 and the number of SIGALRM. */
  loopBlocked: 142,
} as const

export type ExitCode = (typeof SERVER_EXIT)[keyof typeof SERVER_EXIT]
