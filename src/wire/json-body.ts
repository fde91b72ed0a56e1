// Reads a JSON body: one pass over the bytes checks that it is harmless, then JSON.parse reads it.
import { isUtf8 } from 'node:buffer'
import { keysFault } from '../contract/check/field-checks.js'
import { StoreError } from '../contract/errors.js'
import { LIMITS } from '../contract/limits.js'
import { duplicateKeys, pointersOf, syntaxFaultAt } from './json-body-faults.js'

/** `{events: [{data: …}]}` adds these levels around the deepest payload that is allowed. */
const ENVELOPE_LEVELS = 3
export const JSON_DEPTH_MAX = LIMITS.nestingDepth + ENVELOPE_LEVELS
/** An event of 1 MiB can hold about this many values of one byte; a body with more was made to do harm. */
export const JSON_VALUES_MAX = 1_200_000
/** With more keys in one object, comparing all pairs costs too much, so duplicates are counted after parsing. */
const PAIRWISE_KEYS_MAX = 24
const FINDINGS_MAX = 20
/** Every integer of at most this many digits is exactly a double. */
const SAFE_DIGITS = 15
/** A decimal this short, whose exponent (letter and sign included) is this short, cannot overflow. */
const SAFE_CHARS = 200
const SAFE_EXPONENT = 3

const SEND_AS_STRING = 'is a number that would change when it is read: send it as a string'

class JsonScan {
  keys = 0
  values = 1
  suspectedTwins = false
  /** Offsets of numbers that a double cannot hold. */
  inexact: number[] = []
  private readonly isObject = new Uint8Array(JSON_DEPTH_MAX + 1)
  private readonly firstKey = new Uint32Array(JSON_DEPTH_MAX + 1)
  private readonly hashes = new Int32Array(PAIRWISE_KEYS_MAX * (JSON_DEPTH_MAX + 1))
  private hashCount = 0
  private depth = 0
  private bytes: Buffer = Buffer.alloc(0)
  private mostKeys = 0

  run(bytes: Buffer, mostKeys: number): void {
    this.bytes = bytes
    this.mostKeys = mostKeys
    this.keys = 0
    this.values = 1
    this.depth = 0
    this.hashCount = 0
    this.suspectedTwins = false
    if (this.inexact.length > 0) this.inexact = []
    this.walk(bytes)
    this.bytes = EMPTY
    if (this.values > JSON_VALUES_MAX) {
      throw new StoreError('BODY_TOO_LARGE', `The body holds more than ${JSON_VALUES_MAX} values: split it.`)
    }
  }

  /**
   * Checks no grammar: JSON.parse refuses what is not JSON. No statement may follow the loop, because V8 compiles this
   * function while the loop runs and would discard the compiled code at a statement that has never run, for each body.
   */
  private walk(bytes: Buffer): void {
    const { length } = bytes
    let expectsKey = false
    let at = 0
    while (at < length) {
      const byte = bytes[at] as number
      if (byte === 0x22) {
        at = expectsKey ? this.key(at + 1) : stringEnd(bytes, at + 1)
      } else if (byte === 0x2c) {
        this.values++
        expectsKey = this.isObject[this.depth] === 1
        at++
      } else if (byte === 0x3a) {
        if (++this.keys > this.mostKeys) throw tooManyKeys(this.mostKeys)
        expectsKey = false
        at++
      } else if (byte === 0x7b || byte === 0x5b) {
        this.enter(byte === 0x7b ? 1 : 0, at)
        expectsKey = byte === 0x7b
        at++
      } else if (byte === 0x7d || byte === 0x5d) {
        this.leave()
        expectsKey = false
        at++
      } else if ((byte >= 0x30 && byte <= 0x39) || byte === 0x2d) {
        at = this.number(at)
      } else {
        at++
      }
    }
  }

  private enter(isObject: 0 | 1, at: number): void {
    if (this.depth === JSON_DEPTH_MAX) {
      throw new StoreError(
        'MALFORMED_BODY',
        `The body nests deeper than ${LIMITS.nestingDepth} levels of data at byte ${at}: flatten it.`,
      )
    }
    this.values++
    const depth = ++this.depth
    this.isObject[depth] = isObject
    this.firstKey[depth] = this.hashCount
  }

  private leave(): void {
    if (this.depth === 0) return
    this.hashCount = this.firstKey[this.depth] as number
    this.depth--
  }

  /** Compares the key's hash with those beside it. An escape can spell a key differently, so its object is suspect. */
  private key(from: number): number {
    const { bytes } = this
    const { length } = bytes
    let hash = 0x811c9dc5 | 0
    let at = from
    for (; at < length; at++) {
      const byte = bytes[at] as number
      if (byte === 0x22) break
      if (byte === 0x5c) {
        this.suspectedTwins = true
        return stringEnd(bytes, at)
      }
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    this.compare(hash)
    return at + 1
  }

  private compare(hash: number): void {
    const first = this.firstKey[this.depth] as number
    const count = this.hashCount
    if (count - first === PAIRWISE_KEYS_MAX) {
      this.suspectedTwins = true
      return
    }
    for (let i = first; i < count; i++) {
      if (this.hashes[i] === hash) this.suspectedTwins = true
    }
    this.hashes[count] = hash
    this.hashCount = count + 1
  }

  private number(from: number): number {
    const { bytes } = this
    const { length } = bytes
    let isInteger = true
    let exponent = length
    let at = from + 1
    for (; at < length; at++) {
      const byte = bytes[at] as number
      if (byte >= 0x30 && byte <= 0x39) continue
      if (byte === 0x65 || byte === 0x45) exponent = at
      else if (byte !== 0x2e && byte !== 0x2b && byte !== 0x2d) break
      isInteger = false
    }
    const isDoubtful = (isInteger && at - from > SAFE_DIGITS) || at - from > SAFE_CHARS || at - exponent > SAFE_EXPONENT
    if (isDoubtful && this.inexact.length < FINDINGS_MAX) {
      if (!survives(bytes.toString('latin1', from, at), isInteger)) this.inexact.push(from)
    }
    return at
  }
}

const EMPTY = Buffer.alloc(0)

export function tooManyKeys(most: number): StoreError {
  const detail = keysFault(most)
  return new StoreError('MALFORMED_BODY', `The body ${detail}: split it.`, { errors: [{ pointer: '', detail }] })
}

/** The offset after the closing quote; the length of the text when there is none. */
function stringEnd(bytes: Buffer, from: number): number {
  const { length } = bytes
  let at = from
  while (at < length) {
    const byte = bytes[at] as number
    if (byte === 0x22) return at + 1
    at += byte === 0x5c ? 2 : 1
  }
  return length
}

/** A longer integer either overflows or begins with zeros, which JSON.parse refuses. */
const DIGITS_MAX = 310
/** Below 10^25 neighbouring doubles lie less than 2^32 apart, so equal low 32 bits mean equal integers. */
const LOW_BITS_DIGITS = 25

/**
 * Whether reading keeps the number's meaning: an integer is exactly a double, or is written back with the same digits,
 * as 18446744073709552000 is, which is how JavaScript writes 2^64. Decimals are rounded, as every JSON reader does.
 */
function survives(text: string, isInteger: boolean): boolean {
  const value = Number(text)
  // JSON.parse refuses this text, with a message that fits better.
  if (Number.isNaN(value)) return true
  if (!Number.isFinite(value)) return false
  if (!isInteger || Number.isSafeInteger(value) || text.length > DIGITS_MAX) return true
  return isExact(text, value) || `${value}` === text
}

function isExact(text: string, value: number): boolean {
  if (text.length > LOW_BITS_DIGITS) return BigInt(text) === BigInt(value)
  const start = text.charCodeAt(0) === 0x2d ? 1 : 0
  let low = 0
  for (let i = start; i < text.length; i++) low = (Math.imul(low, 10) + text.charCodeAt(i) - 0x30) | 0
  return (Math.abs(value) | 0) === low
}

const SCAN = new JsonScan()

/** Throws MALFORMED_BODY, INVALID_REQUEST or BODY_TOO_LARGE. A key `__proto__` stays an ordinary own key. */
export function parseJsonBody(bytes: Buffer, mostKeys: number = LIMITS.bodyKeys): unknown {
  if (bytes.length === 0) throw new StoreError('MALFORMED_BODY', 'The body is empty: send one JSON object.')
  if (!isUtf8(bytes)) throw new StoreError('MALFORMED_BODY', 'The body is not UTF-8: JSON always is.')
  if (bytes[0] === 0xef) {
    throw new StoreError('MALFORMED_BODY', 'The body begins with a byte order mark, which JSON must not have.')
  }
  SCAN.run(bytes, mostKeys)
  const { keys, suspectedTwins, inexact } = SCAN
  const value = parsed(bytes)
  if (inexact.length > 0) {
    throw refused(pointersOf(bytes, inexact).map(pointer => ({ pointer, detail: SEND_AS_STRING })))
  }
  if (suspectedTwins && countKeys(value) !== keys) {
    const detail = 'stands twice in one object: only one of them could be kept'
    throw refused(duplicateKeys(bytes, FINDINGS_MAX).map(pointer => ({ pointer, detail })))
  }
  return value
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    // The engine's message is not passed on, because it repeats the text, which may hold a secret.
    throw new StoreError('MALFORMED_BODY', `The body is not JSON: the fault is at byte ${syntaxFaultAt(bytes)}.`)
  }
}

/** The recursion is bounded, because the scan has already limited the depth. */
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  for (const item of Object.values(value)) count += 1 + countKeys(item)
  return count
}

function refused(errors: { pointer: string; detail: string }[]): StoreError {
  const [first] = errors
  const detail =
    first === undefined ? 'The body breaks a rule' : `The request breaks a rule: ${first.pointer} ${first.detail}`
  return new StoreError('INVALID_REQUEST', detail, { errors })
}
