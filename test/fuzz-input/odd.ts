// Makes odd values that a seed repeats: texts of many alphabets, of sizes around every limit in characters and in bytes, and values of the wrong kind.

import { LIMITS } from '../../src/contract/limits.js'
import { DEFAULT_WORK_LIMITS } from '../../src/contract/work-limits.js'
import { FRAME_LIMITS } from '../../src/streaming/frame-limits.js'
import type { Random } from '../support/random.js'

/** One to four bytes of UTF-8 each, and what means something to a parser, a log or a terminal. */
const LETTERS = [
  'a',
  '0',
  'é',
  'ß',
  '€',
  '日',
  '😀',
  '﷽',
  '\u0000',
  '\n',
  '\u2028',
  '\u202e',
  '"',
  '\\',
  '*',
  '/',
  '%',
  '$',
  ' ',
]
const LONE_SURROGATES = ['\ud800', '\udc00']

const WORDS = [
  ...['', '__proto__', 'constructor', 'prototype', 'toString', 'start', 'head', 'none', 'any', 'exists', 'own', 'all'],
  ...['$security', '$subscriptions', '../../x', '..%2f', '%00', '-1', '-0', '1e999', 'NaN', '9007199254740993', '0x10'],
  ...[
    '9_9_n',
    '1795895148328000000_0_node-1',
    '99999999999999999999_0_a',
    '1_18446744073709551616_a',
    'W/"1"',
    '"0"',
    '*',
  ],
  ...['2026-13-45T99:00:00Z', '+275760-09-13T00:00:00.001Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999Z'],
  ...['2026-11-28T00:00:00.1234567890123Z', 'data.a', 'data.', 'metadata.__proto__.x', 'null', 'true', '[]', '{}'],
]

const NUMBERS = [
  ...[0, -0, 1, -1, 0.5, 1.5, 99, 100, 127, 128, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1],
  ...[2 ** 53, 2 ** 63, 2 ** 64, 8.64e12, 8.64e12 + 1, 8.64e15, 8.64e15 + 1, 9e12, 1e21, 1e308, -1e308, 5e-324],
  ...[-(2 ** 31) - 1, -(2 ** 53), Date.UTC(2026, 10, 28), Date.UTC(2036, 10, 29) / 1_000],
]

/** What a close reason of a WebSocket and its frames' lengths turn at. */
const PROTOCOL_SIZES = [120, 123, 125, 126, 127, 8 * 1024, 16 * 1024, 65_535, 65_536]

const SIZES = [
  ...Object.values(LIMITS),
  ...Object.values(FRAME_LIMITS),
  ...Object.values(DEFAULT_WORK_LIMITS),
  ...PROTOCOL_SIZES,
]
const MIB = 1024 * 1024
const SHORT = 700
const MIDDLE = 70_000

export class Odd {
  constructor(readonly random: Random) {}

  /** A size at a limit or beside it; large ones are rare, since each costs as much as a thousand small ones. */
  size(): number {
    const { random } = this
    const most = random.chance(0.002) ? 17 * MIB : random.chance(0.04) ? MIDDLE : SHORT
    const size = random.pick(SIZES.filter(limit => limit <= most)) + random.between(-1, 1)
    return Math.max(0, random.chance(0.3) ? random.below(12) : size)
  }

  /** So many characters, or so many bytes. */
  text(size = this.size()): string {
    const { random } = this
    if (random.chance(0.25)) return random.pick(WORDS)
    const letter = random.chance(0.03) ? random.pick(LONE_SURROGATES) : random.pick(LETTERS)
    const each = random.chance(0.5) ? 1 : Buffer.byteLength(letter)
    const count = Math.floor(size / each)
    const filled = letter.repeat(count)
    // One other letter decides where a cut falls.
    return random.chance(0.4) && count > 0 ? random.pick(LETTERS) + filled.slice(letter.length) : filled
  }

  number(): number {
    const { random } = this
    return random.chance(0.5) ? random.pick(NUMBERS) : random.pick(SIZES) + random.between(-1, 1)
  }

  value(depth = 3): unknown {
    const { random } = this
    const kinds: readonly (() => unknown)[] = [
      () => this.text(),
      () => this.text(),
      () => this.number(),
      () => random.pick([null, true, false]),
      () => (depth === 0 ? [] : Array.from({ length: this.length() }, () => this.value(depth - 1))),
      () => (depth === 0 ? {} : this.object(depth - 1)),
      () => this.nested(random.pick([LIMITS.nestingDepth - 1, LIMITS.nestingDepth, LIMITS.nestingDepth + 1, 500])),
      () => Array.from({ length: Math.min(1_100, this.size()) }, () => random.pick(['a', 1, null])),
    ]
    return random.pick(kinds)()
  }

  object(depth = 2): Record<string, unknown> {
    return Object.fromEntries(Array.from({ length: this.length() }, () => [this.text(), this.value(depth)]))
  }

  private length(): number {
    return this.random.below(4)
  }

  private nested(depth: number): unknown {
    let value: unknown = this.random.chance(0.5) ? {} : []
    for (let n = 0; n < depth; n++) value = this.random.chance(0.5) ? [value] : { a: value }
    return value
  }

  /** The same value with something odd at some place in it. */
  changed(value: unknown): unknown {
    const { random } = this
    if (typeof value !== 'object' || value === null || random.chance(0.05)) return this.value()
    if (Array.isArray(value)) return this.changedList(value)
    const entries = Object.entries(value)
    if (entries.length === 0 || random.chance(0.2)) return { ...value, [this.text()]: this.value() }
    const [name, held] = random.pick(entries)
    if (random.chance(0.15)) return Object.fromEntries(entries.filter(([other]) => other !== name))
    return Object.fromEntries(entries.map(entry => (entry[0] === name ? [name, this.changed(held)] : entry)))
  }

  private changedList(list: readonly unknown[]): unknown {
    const { random } = this
    if (list.length === 0 || random.chance(0.2)) return [...list, this.value()]
    if (random.chance(0.1)) {
      const count = random.pick([32, 33, 100, 101, 999, 1_000, 1_001])
      return Array.from({ length: count }, (_, n) => list[n % list.length])
    }
    const at = random.below(list.length)
    return list.map((held, n) => (n === at ? this.changed(held) : held))
  }

  /** Bytes of JSON, now and then not quite. */
  json(value: unknown): Buffer {
    const { random } = this
    const written = JSON.stringify(value) ?? 'null'
    const said = random.chance(0.03)
      ? written.replace(/\d+/, random.pick(['1e999', '-1e999', '01', '.5', '1.', '9007199254740993']))
      : written
    const bytes = Buffer.from(said)
    return random.chance(0.05) ? this.spoilt(bytes) : bytes
  }

  spoilt(bytes: Buffer): Buffer {
    const { random } = this
    if (bytes.length === 0) return Buffer.from(random.bytes(3))
    const at = random.below(bytes.length)
    if (random.chance(0.3)) return bytes.subarray(0, at)
    const spoilt = Buffer.from(bytes)
    spoilt[at] = random.below(256)
    return spoilt
  }
}
