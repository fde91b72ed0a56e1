// Whether a run has room on the disk for what it is going to store: known beforehand, and not after half an hour.
import { NoServer } from '../usage-error.js'
import type { PlannedPhase, Profile } from './profile.js'

/** Of an event of the usual size with its place in the index and in the ledger, as it is appended and as it is archived. */
const BYTES_AN_EVENT = 1_500
const BYTES_ARCHIVED = 600

/** Events that the schedule appends. */
export function eventsOf({ mix, batch }: Profile, phases: readonly PlannedPhase[]): number {
  const whole = Object.values(mix).reduce((sum, share) => sum + share, 0)
  const { batch: batches = 0, append = 0, conditional = 0 } = mix
  const perOperation = (batches * batch + append + conditional) / whole
  return phases.reduce((sum, phase) => sum + operationsIn(phase) * perOperation, 0)
}

/** A rate that grows by the same factor each second is, on average, the difference by the logarithm of the factor. */
function operationsIn({ begins, ends, from, to }: PlannedPhase): number {
  return (ends - begins) * (from === to ? from : (to - from) / Math.log(to / from))
}

/** Throws where what is free is surely too little. */
export function requireRoom(profile: Profile, phases: readonly PlannedPhase[], freeBytes: number): void {
  const events = Math.round(eventsOf(profile, phases))
  const isArchived = profile.settings['LIGHTHOUSE_ARCHIVE_AFTER_DAYS'] !== undefined
  const bytes = events * (isArchived ? BYTES_ARCHIVED : BYTES_AN_EVENT)
  if (bytes <= freeBytes) return
  const inGb = (count: number) => `${Math.round(count / 1e8) / 10} GB`
  throw new NoServer(
    `${events.toLocaleString('en')} events take ${inGb(bytes)}, and ${inGb(freeBytes)} are free.\nNext: give a directory of another volume (--data), or a shorter --duration.`,
  )
}
