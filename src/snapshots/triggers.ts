// When a snapshot of a fold that is kept is due: by events, by quiet hours, by the growth of the log, whichever is first. Pure.
import type { Reason } from './snapshot-file.js'

export interface Rules {
  readonly events: number
  readonly growthBytes: number
  readonly quietMs: number
}

export interface SinceSnapshot {
  /** Positions behind the newest one; undefined when there is none. */
  readonly positions: number | undefined
  /** Of them, how many match; at most as many as make it due. */
  readonly matching: number
  readonly ms: number
  /** By which the log has grown; undefined where the store does not tell. */
  readonly bytes: number | undefined
  readonly isQuiet: boolean
  /** One of the fold was damaged or wrong, and none has been made since. */
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

/** `HH:MM-HH:MM` in UTC, across midnight when it ends before it begins, the whole day when both are the same. */
export function isWithin(window: string, nowMs: number): boolean {
  const [, fromHour, fromMinute, toHour, toMinute] = (MINUTES.exec(window) ?? []).map(Number)
  if (fromHour === undefined || fromMinute === undefined || toHour === undefined || toMinute === undefined) return false
  const now = Math.floor(nowMs / 60_000) % DAY_MINUTES
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (from < to) return now >= from && now < to
  return now >= from || now < to
}

/** Requests in a minute, as far as two looks at a counter tell. */
export class RequestRate {
  private last: { readonly count: number; readonly atMs: number } | undefined

  /** Infinity at the first look. */
  perMinute(count: number, atMs: number): number {
    const { last } = this
    this.last = { count, atMs }
    if (last === undefined || atMs <= last.atMs) return Number.POSITIVE_INFINITY
    return ((count - last.count) * 60_000) / (atMs - last.atMs)
  }
}
