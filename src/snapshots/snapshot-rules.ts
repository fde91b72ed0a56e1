// The rules by which snapshots are made and verified, given as an argument by the settings or by a test.
import type { Rules } from './triggers.js'

export interface SnapshotRules extends Rules {
  /** `HH:MM-HH:MM` in UTC. */
  readonly quietHours: string
  readonly quietRequestsPerMinute: number
}

const HOUR_MS = 3_600_000

export const QUIET_MS = 6 * HOUR_MS
/** The time from one look at what is due to the next. */
export const LOOK_MS = 5_000
/** The time between two verifications, counted over all folds together. */
export const VERIFY_MS = 24 * HOUR_MS
/** How long a fold is left alone after a failure, so that the server does not spend its time on retries. */
export const PAUSE_MS = 600_000
/** The share of the volume that snapshots may take, and the share they must leave free, because the log needs it. */
export const VOLUME_SHARE_MAX = 0.1
export const VOLUME_SHARE_FREE = 0.1
