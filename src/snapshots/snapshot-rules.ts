// How often snapshots are made and looked at, as an argument: the server's settings, or a test's.
import type { Rules } from './triggers.js'

export interface SnapshotRules extends Rules {
  /** `HH:MM-HH:MM` in UTC. */
  readonly quietHours: string
  readonly quietRequestsPerMinute: number
}

const HOUR_MS = 3_600_000

export const QUIET_MS = 6 * HOUR_MS
/** From one look at what is due to the next. */
export const LOOK_MS = 5_000
/** One snapshot is compared with the log so often. */
export const VERIFY_MS = 24 * HOUR_MS
/** What could not be made is not tried again at once. */
export const PAUSE_MS = 600_000
/** However many folds are kept: the volume is the log's. */
export const VOLUME_SHARE_MAX = 0.1
export const VOLUME_SHARE_FREE = 0.1
