// Locates the fault in a refused JSON body; it runs for refused bodies only, so it may be slow.
import { pointerSegment } from '../contract/check/field-findings.js'

interface Level {
  readonly isObject: boolean
  /** Undefined unless the visitor looks for duplicate keys. */
  readonly keys: Set<string> | undefined
  /** In an array, the current index. In an object, where the current key begins; `to` is where it ends. */
  at: number
  to: number
}

/** Receives what the walker finds; returning true ends the walk. */
interface Visitor {
  twin?(pointer: () => string): boolean
  number?(at: number, pointer: () => string): boolean
}

class Fault extends Error {
  constructor(readonly at: number) {
    super()
  }
}

/** A strict JSON reader that tracks the path to its current position. */
class JsonWalker {
  private at = 0
  private readonly levels: Level[] = []
  private enough = false
  private readonly pointer = () => this.levels.map(level => pointerSegment(this.segment(level))).join('')

  constructor(
    private readonly bytes: Buffer,
    private readonly visitor: Visitor,
  ) {}

  run(): void {
    let isValue = true
    do {
      this.blank()
      isValue = isValue ? this.value() : this.after()
    } while (!this.enough && (isValue || this.levels.length > 0))
    this.blank()
    if (!this.enough && this.at < this.bytes.length) throw new Fault(this.at)
  }

  /** Returns whether another value must follow at once. */
  private value(): boolean {
    const byte = this.bytes[this.at]
    if (byte === 0x7b) return this.open(true, 0x7d)
    if (byte === 0x5b) return this.open(false, 0x5d)
    if (byte === 0x22) this.string()
    else if (byte === 0x74) this.word('true')
    else if (byte === 0x66) this.word('false')
    else if (byte === 0x6e) this.word('null')
    else this.number()
    return false
  }

  private open(isObject: boolean, closing: number): boolean {
    this.at++
    this.blank()
    if (this.bytes[this.at] === closing) {
      this.at++
      return false
    }
    const keys = isObject && this.visitor.twin !== undefined ? new Set<string>() : undefined
    this.levels.push({ isObject, keys, at: 0, to: 0 })
    if (isObject) this.key()
    return true
  }

  /** Expects a comma or the end of the enclosing object or array; returns whether another value must follow. */
  private after(): boolean {
    const level = this.levels.at(-1) as Level
    const byte = this.bytes[this.at]
    if (byte === 0x2c) {
      this.at++
      if (!level.isObject) level.at++
      else {
        this.blank()
        this.key()
      }
      return true
    }
    if (byte !== (level.isObject ? 0x7d : 0x5d)) throw new Fault(this.at)
    this.at++
    this.levels.pop()
    return false
  }

  private key(): void {
    const level = this.levels.at(-1) as Level
    const from = this.at
    if (this.bytes[from] !== 0x22) throw new Fault(from)
    this.string()
    level.at = from
    level.to = this.at
    if (level.keys !== undefined) this.remember(level, level.keys)
    this.blank()
    if (this.bytes[this.at] !== 0x3a) throw new Fault(this.at)
    this.at++
  }

  private remember(level: Level, keys: Set<string>): void {
    const name = this.segment(level) as string
    if (keys.has(name) && this.visitor.twin?.(this.pointer) === true) this.enough = true
    keys.add(name)
  }

  private segment({ isObject, at, to }: Level): string | number {
    return isObject ? (JSON.parse(this.bytes.toString('utf8', at, to)) as string) : at
  }

  private string(): void {
    const { bytes } = this
    this.at++
    for (;;) {
      const byte = bytes[this.at]
      if (byte === undefined || byte < 0x20) throw new Fault(this.at)
      if (byte === 0x22) break
      if (byte === 0x5c) this.escape()
      else this.at++
    }
    this.at++
  }

  private escape(): void {
    const kind = String.fromCharCode(this.bytes[this.at + 1] ?? 0)
    if (kind === 'u') {
      const hex = this.bytes.toString('latin1', this.at + 2, this.at + 6)
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) throw new Fault(this.at)
      this.at += 6
    } else {
      if (!'"\\/bfnrt'.includes(kind)) throw new Fault(this.at)
      this.at += 2
    }
  }

  private word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) throw new Fault(this.at)
    }
    this.at += word.length
  }

  private number(): void {
    const from = this.at
    while (isOfNumber(this.bytes[this.at])) this.at++
    if (!NUMBER.test(this.bytes.toString('latin1', from, this.at))) throw new Fault(from)
    if (this.visitor.number?.(from, this.pointer) === true) this.enough = true
  }

  private blank(): void {
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.at++
    }
  }
}

const NUMBER = /^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$/

function isOfNumber(byte: number | undefined): boolean {
  if (byte === undefined) return false
  return (byte >= 0x30 && byte <= 0x39) || byte === 0x2e || byte === 0x2d || byte === 0x2b || (byte | 0x20) === 0x65
}

/** The offset of the first byte at which the text is not JSON; the length of the text when it merely ends early. */
export function syntaxFaultAt(bytes: Buffer): number {
  try {
    new JsonWalker(bytes, {}).run()
    return bytes.length
  } catch (fault) {
    if (fault instanceof Fault) return fault.at
    throw fault
  }
}

/** JSON Pointers to the numbers that begin at these offsets. The text must be valid JSON. */
export function pointersOf(bytes: Buffer, offsets: readonly number[]): string[] {
  const wanted = new Set(offsets)
  const pointers: string[] = []
  const number = (at: number, pointer: () => string) => {
    if (wanted.has(at)) pointers.push(pointer())
    return pointers.length === wanted.size
  }
  new JsonWalker(bytes, { number }).run()
  return pointers
}

/** JSON Pointers to the first `most` keys that occur twice in one object. The text must be valid JSON. */
export function duplicateKeys(bytes: Buffer, most: number): string[] {
  const pointers: string[] = []
  const twin = (pointer: () => string) => pointers.push(pointer()) === most
  new JsonWalker(bytes, { twin }).run()
  return pointers
}
