// Decides when a snapshot of a kept fold is due: by events, log growth or quiet hours, whichever comes first. Pure.
import type { Reason } from './snapshot-file.js'

export interface Rules {
  readonly events: number
  readonly growthBytes: number
  readonly quietMs: number
}

export interface SinceSnapshot {
  /** Positions of the log behind the newest snapshot; undefined when there is none. */
  readonly positions: number | undefined
  /** How many of them match, counted no further than makes a snapshot due. */
  readonly matching: number
  readonly ms: number
  /** By how much the log has grown since; undefined when the store does not report its size. */
  readonly bytes: number | undefined
  readonly isQuiet: boolean
  /** Whether one of the fold was damaged or wrong and none has been made since. */
  readonly hasLost: boolean
}

export function dueFor(
  { positions, matching, ms, bytes, isQuiet, hasLost }: SinceSnapshot,
  rules: Rules,
): Reason | undefined {
  if (hasLost) return 'repair'
  if (positions === undefined) return 'demand'
  if (positions <= 0) return undefined
  if (matching >= rules.events) return 'events'
  if (bytes !== undefined && bytes >= rules.growthBytes) return 'growth'
  return isQuiet && ms >= rules.quietMs ? 'quiet' : undefined
}

const MINUTES = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/
const DAY_MINUTES = 24 * 60

/** `window` is `HH:MM-HH:MM` in UTC. It may cross midnight; with equal ends it is the whole day. */
export function isWithin(window: string, nowMs: number): boolean {
  const [, fromHour, fromMinute, toHour, toMinute] = (MINUTES.exec(window) ?? []).map(Number)
  if (fromHour === undefined || fromMinute === undefined || toHour === undefined || toMinute === undefined) return false
  const now = Math.floor(nowMs / 60_000) % DAY_MINUTES
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (from < to) return now >= from && now < to
  return now >= from || now < to
}

/** The rate of requests between two looks at their counter. */
export class RequestRate {
  private last: { readonly count: number; readonly atMs: number } | undefined

  /** Infinity at the first look, which has nothing to compare with. */
  perMinute(count: number, atMs: number): number {
    const { last } = this
    this.last = { count, atMs }
    if (last === undefined || atMs <= last.atMs) return Number.POSITIVE_INFINITY
    return ((count - last.count) * 60_000) / (atMs - last.atMs)
  }
}
