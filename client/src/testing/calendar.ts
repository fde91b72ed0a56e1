// When agents are at work: business hours in their time zone, weekends, seasons, and hours that are unlike all others.
import type { Random } from './random.js'

export const MINUTE = 60_000
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** Offsets from UTC in minutes, where the agents of a fleet are: Los Angeles, New York, Berlin, Mumbai, Tokyo. */
export const ZONES: readonly number[] = [-480, -300, 60, 330, 540]

/** The share of the busiest hour, for each hour of a working day. */
const WORKING_DAY: readonly number[] = [
  0.04, 0.03, 0.03, 0.03, 0.03, 0.04, 0.08, 0.25, 0.6, 0.9, 1, 1, 0.7, 0.75, 0.95, 1, 0.9, 0.7, 0.4, 0.25, 0.18, 0.12,
  0.08, 0.05,
]
const WEEKEND = 0.15
/** From January on: people who start agents are away in summer and at the end of the year. */
const SEASONS: readonly number[] = [0.9, 1, 1, 1, 1, 0.95, 0.75, 0.7, 1, 1.05, 1, 0.6]

/** How busy an agent is at a time, in milliseconds since 1970: 1 is the busiest hour of a usual month. */
export function activityAt(time: number, zoneMinutes: number): number {
  const local = new Date(time + zoneMinutes * MINUTE)
  const hour = WORKING_DAY[local.getUTCHours()] ?? 0
  const day = local.getUTCDay() % 6 === 0 ? WEEKEND : 1
  return hour * day * (SEASONS[local.getUTCMonth()] ?? 1)
}

export interface HourOfFleet {
  /** What the usual number of sessions is multiplied by. */
  readonly factor: number
  /** What the sessions of a burst have to do with each other: their common correlation. */
  readonly incident: string | undefined
}

const USUAL: HourOfFleet = { factor: 1, incident: undefined }
const BURST_SHARE = 0.01
const BURST = 6
const QUIET_SHARE = 0.005
const QUIET = 0.02

/** One hour in a hundred is a burst, for something has happened; one in two hundred is quiet, for something is down. */
export function hourOf(time: number, random: Random): HourOfFleet {
  const of = random.fork(`hour-${Math.floor(time / HOUR)}`)
  const drawn = of.next()
  if (drawn < BURST_SHARE) return { factor: BURST, incident: `incident-${of.hex(8)}` }
  return drawn < BURST_SHARE + QUIET_SHARE ? { factor: QUIET, incident: undefined } : USUAL
}

/** The same day of the month so many months later; the last one where there is no such day. */
export function monthsAfter(time: number, months: number): number {
  const date = new Date(time)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const days = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  return date.setUTCDate(Math.min(day, days))
}
