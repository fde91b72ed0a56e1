// Writes an object of a JSON text as the MessagePack that the store keeps, in one pass over the bytes and without making values.
import { LIMITS } from '../../contract/limits.js'
import type { PackWriter } from '../../record/codec/writer.js'
import { EMPTY, JsonCursor, NO_VIEW, UNUSUAL, viewOf } from './json-cursor.js'

/** An object with more keys is left to JSON.parse, because comparing all pairs costs too much. */
const KEYS_COMPARED_MAX = 64
/** A number takes nine bytes at most, the head of a text or container five. */
const ROOM = 16
/** Before the first key of an object, and after one that is no index of an array. */
const NO_INDEX = -1
const OTHER_KEY = -2

/**
 * Takes less than JSON allows: what it takes, it writes exactly as JSON.parse and `PackWriter.object` would; on
 * everything else it throws Unusual, so that the readers of refused bodies have the say. The text must be UTF-8.
 */
export abstract class JsonPayloads extends JsonCursor {
  /** Of all objects that have ended. */
  protected keys = 0
  protected values = 0
  private out: Buffer = EMPTY
  private outView = NO_VIEW
  /** Hashes of the keys of the objects around the current place, innermost last. */
  private readonly hashes = new Int32Array(KEYS_COMPARED_MAX * LIMITS.nestingDepth)
  private hashCount = 0

  constructor(protected readonly writer: PackWriter) {
    super()
  }

  protected beginWriting(bytes: Buffer, out: Buffer): void {
    this.begin(bytes)
    this.keys = 0
    this.values = 1
    this.hashCount = 0
    this.writer.buffer = out
    this.writer.at = 0
    this.look()
  }

  protected override end(): void {
    super.end()
    this.out = this.writer.buffer = EMPTY
    this.outView = NO_VIEW
  }

  /** The object that begins here. `depth` counts the containers around it in the payload. */
  protected object(depth: number): void {
    if (depth === LIMITS.nestingDepth) throw UNUSUAL
    const { writer } = this
    writer.reserve(1)
    const head = writer.at++
    const first = this.hashCount
    let count = 0
    let index = NO_INDEX
    this.at++
    if (this.next() === 0x7d) this.at++
    else {
      for (;;) {
        index = this.key(first, index)
        if (this.next() !== 0x3a) throw UNUSUAL
        this.at++
        this.value(depth + 1)
        count++
        const byte = this.next()
        this.at++
        if (byte === 0x7d) break
        if (byte !== 0x2c) throw UNUSUAL
        this.next()
      }
    }
    this.hashCount = first
    this.keys += count
    if (this.keys > LIMITS.bodyKeys) throw UNUSUAL
    this.values += count === 0 ? 1 : count
    this.close(head, count, 0x80)
  }

  private array(depth: number): void {
    if (depth === LIMITS.nestingDepth) throw UNUSUAL
    const { writer } = this
    writer.reserve(1)
    const head = writer.at++
    let count = 0
    this.at++
    if (this.next() === 0x5d) this.at++
    else {
      for (;;) {
        this.value(depth + 1)
        count++
        const byte = this.next()
        this.at++
        if (byte === 0x5d) break
        if (byte !== 0x2c) throw UNUSUAL
      }
    }
    this.values += count === 0 ? 1 : count
    this.close(head, count, 0x90)
  }

  private value(depth: number): void {
    const byte = this.next()
    if (byte === 0x22) this.text()
    else if (byte === 0x7b) this.object(depth)
    else if (byte === 0x5b) this.array(depth)
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.writer.number(this.number(byte))
    else this.word()
  }

  private word(): void {
    const { writer } = this
    const value = this.literal()
    if (value === null) writer.nil()
    else writer.boolean(value)
  }

  /** Writes a key and compares it with those of its object from `first` on. Answers the index it is, as `inOrder` says. */
  private key(first: number, index: number): number {
    if (this.out !== this.writer.buffer || this.isFull()) this.makeRoom()
    const { bytes, length, out, writer } = this
    if (bytes[this.at] !== 0x22) throw UNUSUAL
    const head = writer.at
    const from = this.at + 1
    let at = from
    let to = head + 1
    let hash = 0x811c9dc5 | 0
    for (;;) {
      if (at === length) throw UNUSUAL
      const byte = bytes[at] as number
      at++
      if (byte === 0x22) break
      if (byte === 0x5c || byte < 0x20) throw UNUSUAL
      out[to++] = byte
      hash = Math.imul(hash ^ byte, 0x01000193)
    }
    this.at = at
    const size = to - head - 1
    if (size < 32) {
      out[head] = 0xa0 | size
      writer.at = to
    } else this.longText(head, size)
    this.compare(hash, first)
    const letter = bytes[from] as number
    return letter >= 0x30 && letter <= 0x39 ? this.inOrder(from, at - 1, index) : OTHER_KEY
  }

  private compare(hash: number, first: number): void {
    const { hashes, hashCount } = this
    if (hashCount - first === KEYS_COMPARED_MAX) throw UNUSUAL
    for (let i = first; i < hashCount; i++) if (hashes[i] === hash) throw UNUSUAL
    hashes[hashCount] = hash
    this.hashCount = hashCount + 1
  }

  /**
   * JSON.parse puts the keys that are indexes of an array first, in their order. An object where they stand so already
   * is taken. `before` is what the key before this one answered.
   */
  private inOrder(from: number, to: number, before: number): number {
    const { bytes } = this
    if (to - from > 10 || (bytes[from] === 0x30 && to - from > 1)) return OTHER_KEY
    let index = 0
    for (let at = from; at < to; at++) {
      const digit = (bytes[at] as number) - 0x30
      if (digit < 0 || digit > 9) return OTHER_KEY
      index = index * 10 + digit
    }
    if (index > 0xfffffffe) return OTHER_KEY
    if (before === OTHER_KEY || index < before) throw UNUSUAL
    return index
  }

  private text(): void {
    if (this.out !== this.writer.buffer || this.isFull()) this.makeRoom()
    const { bytes, length, out, view, outView, writer } = this
    const head = writer.at
    const last = length - 4
    let at = this.at + 1
    let to = head + 1
    for (;;) {
      while (at <= last) {
        const word = view.getInt32(at, true)
        const quote = word ^ 0x22222222
        const slash = word ^ 0x5c5c5c5c
        const found = ((quote - 0x01010101) & ~quote) | ((slash - 0x01010101) & ~slash) | ((word - 0x20202020) & ~word)
        if ((found & 0x80808080) !== 0) break
        outView.setInt32(to, word, true)
        at += 4
        to += 4
      }
      if (at >= length) throw UNUSUAL
      const byte = bytes[at] as number
      if (byte === 0x22) break
      if (byte < 0x20) throw UNUSUAL
      if (byte === 0x5c) {
        this.at = at
        to = this.escape(to)
        at = this.at
      } else {
        out[to++] = byte
        at++
      }
    }
    this.at = at + 1
    const size = to - head - 1
    if (size < 32) {
      out[head] = 0xa0 | size
      writer.at = to
    } else this.longText(head, size)
  }

  private escape(to: number): number {
    const { bytes, out, at, length } = this
    if (at + 1 >= length) throw UNUSUAL
    const letter = bytes[at + 1] as number
    if (letter === 0x75) return this.unicode(to)
    const byte = ESCAPED[letter] as number
    if (byte === 0) throw UNUSUAL
    out[to] = byte
    this.at = at + 2
    return to + 1
  }

  private unicode(to: number): number {
    const { out } = this
    let code = this.hex(this.at + 2)
    this.at += 6
    if (code < 0x80) {
      out[to] = code
      return to + 1
    }
    if (code < 0x800) {
      out[to] = 0xc0 | (code >> 6)
      out[to + 1] = 0x80 | (code & 0x3f)
      return to + 2
    }
    if (code < 0xd800 || code > 0xdfff) {
      out[to] = 0xe0 | (code >> 12)
      out[to + 1] = 0x80 | ((code >> 6) & 0x3f)
      out[to + 2] = 0x80 | (code & 0x3f)
      return to + 3
    }
    const low = this.lowSurrogate()
    if (code > 0xdbff) throw UNUSUAL
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
    out[to] = 0xf0 | (code >> 18)
    out[to + 1] = 0x80 | ((code >> 12) & 0x3f)
    out[to + 2] = 0x80 | ((code >> 6) & 0x3f)
    out[to + 3] = 0x80 | (code & 0x3f)
    return to + 4
  }

  private lowSurrogate(): number {
    const { bytes, at } = this
    if (bytes[at] !== 0x5c || bytes[at + 1] !== 0x75) throw UNUSUAL
    const low = this.hex(at + 2)
    if (low < 0xdc00 || low > 0xdfff) throw UNUSUAL
    this.at = at + 6
    return low
  }

  /** Moves a text that was written behind a head of one byte to make place for the head it needs. */
  private longText(head: number, size: number): void {
    const { out, writer } = this
    const more = size < 0x100 ? 1 : size < 0x1_0000 ? 2 : 4
    out.copyWithin(head + 1 + more, head + 1, head + 1 + size)
    writer.at = head
    writer.textHeader(size)
    writer.at += size
  }

  private close(head: number, count: number, kind: 0x80 | 0x90): void {
    const { writer } = this
    if (count < 16) {
      writer.buffer[head] = kind | count
      return
    }
    const { at } = writer
    // Levels around a payload that is too large already would each move all of it.
    if (at - head > LIMITS.eventBytes) throw UNUSUAL
    const more = count < 0x1_0000 ? 2 : 4
    writer.reserve(more)
    writer.buffer.copyWithin(head + 1 + more, head + 1, at)
    writer.at = head
    if (kind === 0x80) writer.mapHeader(count)
    else writer.arrayHeader(count)
    writer.at = at + more
  }

  private isFull(): boolean {
    return this.length - this.at + ROOM > this.out.length - this.writer.at
  }

  /** Room for all that is still to come, if it takes no more than its text. */
  private makeRoom(): void {
    this.writer.reserve(this.length - this.at + ROOM)
    this.look()
  }

  private look(): void {
    this.out = this.writer.buffer
    this.outView = viewOf(this.out)
  }
}

/** Indexed by the letter behind the backslash: the byte that is meant, or 0. */
const ESCAPED = new Uint8Array(256)
for (const [letter, meant] of Object.entries({ b: 8, f: 12, n: 10, r: 13, t: 9, '"': 0x22, '\\': 0x5c, '/': 0x2f })) {
  ESCAPED[letter.charCodeAt(0)] = meant
}
