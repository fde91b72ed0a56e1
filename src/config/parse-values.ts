// The kinds of values that settings have, each from what a file or a variable gives. Pure.
import { streamGlobFault } from '../contract/check/check-names.js'
import { isObject } from '../contract/check/field-checks.js'

/** A value that is not accepted. Its message ends a sentence that begins with the value. */
export class BadValue extends Error {}

const LONGEST_LIST = 100

export function parseSecret(raw: unknown): string {
  if (typeof raw !== 'string' || (raw !== '' && Buffer.byteLength(raw) < 32))
    throw new BadValue('must have at least 32 bytes')
  return raw
}

export function parseUrl(raw: unknown): string {
  if (raw === '') return raw
  if (typeof raw === 'string' && /^https?:\/\//.test(raw) && URL.canParse(raw)) return raw
  throw new BadValue('must be an address that begins with https:// or http://')
}

/** YAML gives a map, a variable gives `name=value` between commas, as OpenTelemetry has it everywhere. */
export function parseHeaders(raw: unknown): Readonly<Record<string, string>> {
  const given = typeof raw === 'string' ? (raw === '' ? {} : Object.fromEntries(raw.split(',').map(headerOf))) : raw
  const fits = ([name, value]: [string, unknown]) =>
    /^[A-Za-z0-9!#$%&'*+.^_`|~-]+$/.test(name) && typeof value === 'string' && /^[\x20-\x7e]*$/.test(value)
  if (!isObject(given) || !Object.entries(given).every(fits)) throw new BadValue('must be headers as name=value')
  return given as Readonly<Record<string, string>>
}

function headerOf(text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()]
}

export function flag(raw: unknown): boolean {
  if (raw === true || raw === 'true') return true
  if (raw === false || raw === 'false') return false
  throw new BadValue('must be true or false')
}

export function someOf<T extends string>(allowed: readonly T[]): (raw: unknown) => readonly T[] {
  return manyOf(oneOf(allowed), 1)
}

/** YAML gives a list, a variable gives words between commas. */
export function manyOf<T>(each: (raw: unknown) => T, least: number): (raw: unknown) => readonly T[] {
  return raw => {
    const words = typeof raw === 'string' ? raw.split(',').map(word => word.trim()) : raw
    const items = words === raw || raw !== '' ? words : []
    if (!Array.isArray(items) || items.length < least || items.length > LONGEST_LIST)
      throw new BadValue(`must be a list of ${least} to ${LONGEST_LIST}`)
    return [...new Set(items.map(each))]
  }
}

/** Accepts no port, because a name is allowed on every port. */
export function parseHostName(raw: unknown): string {
  const fits = typeof raw === 'string' && /^([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*|\[[0-9A-Fa-f:.]+\])$/.test(raw)
  if (!fits || raw.length > 253) throw new BadValue('must be names of hosts without a port, such as events.example')
  return raw.toLowerCase()
}

/** Exact ones alone: a pattern or `*` would let in pages that nobody has thought of. Returns it as browsers send it. */
export function parseOrigin(raw: unknown): string {
  const url = typeof raw === 'string' && !raw.includes('*') && URL.canParse(raw) ? new URL(raw) : undefined
  const fits = url !== undefined && /^https?:$/.test(url.protocol) && url.href === `${url.origin}/`
  if (!fits) throw new BadValue('must be exact origins of pages without a path, such as https://app.example:8443')
  return url.origin
}

export function parseOwnPattern(raw: unknown): string {
  const fits = typeof raw === 'string' && raw.includes('{id}')
  // With an id in the place of `{id}`, the pattern must be a glob that any permission could hold.
  if (!fits || streamGlobFault(raw.replaceAll('{id}', 'id')) !== undefined)
    throw new BadValue('must be globs on names of streams with {id} in them, such as agent_{id}/*')
  return raw
}

export function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadValue('must be JSON')
  }
}

export function oneOf<T extends string>(allowed: readonly T[]): (raw: unknown) => T {
  return raw => {
    const found = allowed.find(value => value === raw)
    if (found === undefined) throw new BadValue(`must be one of ${allowed.join(', ')}`)
    return found
  }
}

export function matching(pattern: RegExp, rule: string): (raw: unknown) => string {
  return raw => {
    if (typeof raw !== 'string' || !pattern.test(raw)) throw new BadValue(rule)
    return raw
  }
}

/** Empty where there is none. */
export const parsePath = matching(/^[^\0]*$/, 'must be a path')

/** A variable holds text and a file holds a number, so both are accepted; other texts that Number takes are not. */
export function wholeNumber(least: number, most: number): (raw: unknown) => number {
  return raw => {
    const value = typeof raw === 'string' && /^\d{1,15}$/.test(raw) ? Number(raw) : raw
    if (typeof value !== 'number' || !Number.isInteger(value) || value < least || value > most) {
      throw new BadValue(`must be a whole number from ${least} to ${most}`)
    }
    return value
  }
}

/** As a whole number, with the parts that make hours and minutes of it: 0.25 of a day is six hours. */
export function partialNumber(least: number, most: number): (raw: unknown) => number {
  return raw => {
    const value = typeof raw === 'string' && /^\d{1,15}(\.\d{1,15})?$/.test(raw) ? Number(raw) : raw
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw new BadValue(`must be a number from ${least} to ${most}`)
    }
    return value
  }
}

const MOST_THREADS = 64

/** `auto` leaves a core to the writer. */
export function parseThreads(raw: unknown): number | 'auto' {
  if (raw === 'auto') return 'auto'
  try {
    return wholeNumber(1, MOST_THREADS)(raw)
  } catch {
    throw new BadValue(`must be a whole number from 1 to ${MOST_THREADS}, or auto`)
  }
}
