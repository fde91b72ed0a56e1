// RFC 3339 times, read strictly: real calendar dates only, a leap second only where one can be.

const NS_PER_SECOND = 1_000_000_000n
/** Longer than any sensible fraction, so that one field cannot hold a long text. */
const TIME_CHARS_MAX = 64
const SHAPE = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))$/
const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MINUTES_PER_DAY = 24 * 60

export const TIME_RULE = 'must be an RFC 3339 time such as 2026-01-31T12:00:00Z'
/** What is left of a time zone whose plus was read as a space, as addresses are. */
const LOST_PLUS = /^.{19,54} \d\d:\d\d$/

function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : (DAYS_IN_MONTH[month - 1] ?? 0)
}

/** Days since 1970-01-01 in the proleptic Gregorian calendar, counted in years that begin in March. */
function daysSinceEpoch(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

/** True in the last UTC minute of a month, which alone may hold a leap second. */
function endsMonth(utcMinutes: number): boolean {
  const minuteOfDay = ((utcMinutes % MINUTES_PER_DAY) + MINUTES_PER_DAY) % MINUTES_PER_DAY
  return minuteOfDay === MINUTES_PER_DAY - 1 && new Date((utcMinutes + 1) * 60_000).getUTCDate() === 1
}

/** Minutes since 1970 in UTC, and the second in that minute; undefined when the text is no time. */
function readTime(text: string): { minutes: number; second: number; fraction: string } | undefined {
  if (text.length > TIME_CHARS_MAX) return undefined
  const parts = SHAPE.exec(text)
  if (parts === null) return undefined
  const [year, month, day] = [Number(parts[1]), Number(parts[2]), Number(parts[3])]
  const [hour, minute, second] = [Number(parts[4]), Number(parts[5]), Number(parts[6])]
  const [offsetHours, offsetMinutes] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)]
  if (day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) return undefined
  const offset = (parts[8] === '-' ? -1 : 1) * (offsetHours * 60 + offsetMinutes)
  const minutes = daysSinceEpoch(year, month, day) * MINUTES_PER_DAY + hour * 60 + minute - offset
  if (second === 60 && !endsMonth(minutes)) return undefined
  return { minutes, second, fraction: parts[7] ?? '' }
}

export function timeFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string'
  return readTime(value) === undefined ? `${TIME_RULE}${plusHint(value)}` : undefined
}

/** To be said behind the rule that a text breaks; empty unless it is a time but for a lost plus. */
export function plusHint(text: unknown): string {
  if (typeof text !== 'string' || !LOST_PLUS.test(text)) return ''
  if (readTime(text.replace(/ (?=\d\d:\d\d$)/, '+')) === undefined) return ''
  return '; the + of its time zone has become a space: in an address, write + as %2B'
}

/**
 * Nanoseconds since 1970; finer fractions are cut off, and a leap second is the second after it, as in POSIX.
 * Throws a RangeError for text that is no time: check untrusted text with `timeFault` first.
 */
export function parseTime(text: string): bigint {
  const time = readTime(text)
  if (time === undefined) throw new RangeError(TIME_RULE)
  const nanoseconds = BigInt(time.fraction.slice(0, 9).padEnd(9, '0'))
  return (BigInt(time.minutes) * 60n + BigInt(time.second)) * NS_PER_SECOND + nanoseconds
}
