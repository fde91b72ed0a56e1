// The rules for every name and number a client may send; each check answers what is wrong, or undefined.
import { isEventId } from '../event-id.js'
import { LIMITS } from '../limits.js'
import { mustBe } from './field-checks.js'

const LETTER = 1
const DIGIT = 2
const IN_TYPE = 4
const IN_STREAM = 8
const DOLLAR = 0x24
const STAR = 0x2a

/** For each ASCII character, the places where it is allowed. */
const PLACES = new Uint8Array(128)
for (const [characters, places] of [
  ['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', LETTER | IN_TYPE | IN_STREAM],
  ['0123456789', DIGIT | IN_TYPE | IN_STREAM],
  ['_.:-', IN_TYPE | IN_STREAM],
  ['/@', IN_STREAM],
] as const) {
  for (let i = 0; i < characters.length; i++) PLACES[characters.charCodeAt(i)] = places
}

const TYPE_RULE = `must be 1 to ${LIMITS.typeChars} of A-Z a-z 0-9 _ . : - and start with a letter`
const STREAM_RULE = `must be 1 to ${LIMITS.streamChars} of A-Z a-z 0-9 _ . : / @ - and start with a letter or digit`
const TYPE_GLOB_RULE = `must be 1 to ${LIMITS.typeChars} of A-Z a-z 0-9 _ . : - and *`
const STREAM_GLOB_RULE = `must be 1 to ${LIMITS.streamChars} of A-Z a-z 0-9 _ . : / @ - and *, or such a run behind a $`
const KEY_RULE = `must be 1 to ${LIMITS.keyChars} printable ASCII characters`
const LONE_SURROGATE = 'must be well-formed Unicode: it holds half a surrogate pair'

function placesOf(code: number): number {
  return code < 128 ? (PLACES[code] as number) : 0
}

function allIn(text: string, from: number, place: number): boolean {
  for (let i = from; i < text.length; i++) {
    if ((placesOf(text.charCodeAt(i)) & place) === 0) return false
  }
  return true
}

function allInOrStar(text: string, from: number, place: number): boolean {
  for (let i = from; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code !== STAR && (placesOf(code) & place) === 0) return false
  }
  return true
}

export function typeFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  const fits = value.length > 0 && value.length <= LIMITS.typeChars
  if (!fits || (placesOf(value.charCodeAt(0)) & LETTER) === 0) return TYPE_RULE
  return allIn(value, 1, IN_TYPE) ? undefined : TYPE_RULE
}

export function isServiceStream(stream: string): boolean {
  return stream.charCodeAt(0) === DOLLAR
}

/** Accepts every stream that may be named: those of the service begin with `$` and go on like all others. */
export function streamFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  const start = isServiceStream(value) ? 1 : 0
  if (value.length <= start || value.length > LIMITS.streamChars) return STREAM_RULE
  if ((placesOf(value.charCodeAt(start)) & (LETTER | DIGIT)) === 0) return STREAM_RULE
  return allIn(value, start + 1, IN_STREAM) ? undefined : STREAM_RULE
}

export function typeGlobFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  const fits = value.length > 0 && value.length <= LIMITS.typeChars
  return fits && allInOrStar(value, 0, IN_TYPE) ? undefined : TYPE_GLOB_RULE
}

export function streamGlobFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  const fits = value.length > 0 && value.length <= LIMITS.streamChars
  return fits && allInOrStar(value, isServiceStream(value) ? 1 : 0, IN_STREAM) ? undefined : STREAM_GLOB_RULE
}

/** Characters are code points, so that no script is allowed fewer than another; they are counted only when in doubt. */
function longerThan(text: string, limit: number): boolean {
  if (text.length <= limit) return false
  if (text.length > 2 * limit) return true
  let characters = 0
  for (const _ of text) characters++
  return characters > limit
}

function textFault(value: unknown, limit: number): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  if (value.length === 0 || longerThan(value, limit)) return `must be 1 to ${limit} characters`
  return value.isWellFormed() ? undefined : LONE_SURROGATE
}

export function tagFault(value: unknown): string | undefined {
  return textFault(value, LIMITS.tagChars)
}

export function referenceFault(value: unknown): string | undefined {
  return textFault(value, LIMITS.referenceChars)
}

export function agentFault(value: unknown): string | undefined {
  return textFault(value, LIMITS.agentChars)
}

export function eventIdFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  return isEventId(value) ? undefined : 'must be an event id: {timestamp_ns}_{sequence}_{node_id}'
}

export function keyFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return mustBe('a string', value)
  if (value.length === 0 || value.length > LIMITS.keyChars) return KEY_RULE
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if (code < 0x20 || code > 0x7e) return KEY_RULE
  }
  return undefined
}

export function positionFault(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : mustBe('an integer of at least 0', value)
}

export function schemaVersionFault(value: unknown): string | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 1 ? undefined : mustBe('an integer of at least 1', value)
}

export function expectedRevisionFault(value: unknown): string | undefined {
  if (value === 'any' || value === 'none' || value === 'exists') return undefined
  if (Number.isSafeInteger(value) && (value as number) >= 0) return undefined
  return mustBe('an integer of at least 0, or "any", "none" or "exists"', value)
}
