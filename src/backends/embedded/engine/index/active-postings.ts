// The index of the segment being written, in memory and cheap to add to.
import { OrdinalLists } from './ordinal-lists.js'
import {
  KIND_COUNT,
  kindIn,
  NO_ORDINALS,
  type Postings,
  requireEnumerable,
  requireOrdinal,
  type TermKinds,
} from './postings.js'
import { type HashSlot, type HashTerm, hashAscii, hashTerm } from './term-hash.js'
import { TermTable } from './term-table.js'

const FIRST_CAPACITY = 1024
const OFFSET_LIMIT = 2 ** 32

/** Exact for the enumerable kinds. Terms of the others are known by their hash, as in a sealed index. */
export class ActivePostings implements Postings {
  private length = 0
  private offsets = new Uint32Array(FIRST_CAPACITY)
  private ends = new Uint32Array(FIRST_CAPACITY)
  private readonly slot: HashSlot = { high: 0, low: 0 }
  private readonly tables: readonly TermTable[]
  /** The ordinals of all terms that more than one event carries. */
  readonly lists = new OrdinalLists()

  constructor(
    readonly kinds: TermKinds,
    readonly hash: HashTerm = hashTerm,
  ) {
    const table = (_: unknown, kind: number) => new TermTable(this.lists, kindIn(kinds.enumerable, kind))
    this.tables = Array.from({ length: KIND_COUNT }, table)
  }

  get count(): number {
    return this.length
  }

  /** Adds the next event and returns its ordinal. Entries must not overlap; one whose bytes are lost may be empty. */
  add(offset: number, end: number): number {
    const ordinal = this.length
    const floor = ordinal === 0 ? 0 : (this.ends[ordinal - 1] as number)
    if (!(offset >= floor && end >= offset && end < OFFSET_LIMIT)) {
      throw new RangeError(`entry ${offset} to ${end} does not follow ${floor} below 4 GiB`)
    }
    if (ordinal === this.offsets.length) this.grow()
    this.offsets[ordinal] = offset
    this.ends[ordinal] = end
    this.length = ordinal + 1
    return ordinal
  }

  /** Notes that the event carries the term. A term that is noted twice for one event counts once. */
  term(ordinal: number, kind: number, text: string): void {
    requireOrdinal(ordinal, this.length)
    this.table(kind).add(this.hash(kind, text), text, ordinal)
  }

  /** The same for a text that lies in `bytes` as UTF-8. It must be one that would be read as the same text again. */
  termIn(ordinal: number, kind: number, bytes: Buffer, from: number, to: number): void {
    requireOrdinal(ordinal, this.length)
    const { slot } = this
    if (this.hash === hashTerm && hashAscii(kind, bytes, from, to, slot))
      this.table(kind).addAscii(slot, bytes, from, to, ordinal)
    else this.term(ordinal, kind, bytes.toString('utf8', from, to))
  }

  /** Forgets every event from ordinal `count` on, as after a failed batch. It walks all terms. */
  truncate(count: number): void {
    if (count >= this.length) return
    this.length = Math.max(0, count)
    for (const table of this.tables) table.truncate(this.length)
  }

  offset(ordinal: number): number {
    requireOrdinal(ordinal, this.length)
    return this.offsets[ordinal] as number
  }

  end(ordinal: number): number {
    requireOrdinal(ordinal, this.length)
    return this.ends[ordinal] as number
  }

  ordinals(kind: number, text: string): Uint32Array {
    return this.table(kind).ordinals(this.hash(kind, text), text) ?? NO_ORDINALS
  }

  last(kind: number, text: string, below = this.length): number {
    return this.table(kind).last(this.hash(kind, text), text, below)
  }

  mayContain(kind: number, text: string): boolean {
    return this.table(kind).has(this.hash(kind, text), text)
  }

  texts(kind: number): Iterable<string> {
    requireEnumerable(this.kinds, kind)
    return this.table(kind).texts()
  }

  /** The terms of a kind as they are kept in memory, for the writer of the index file. */
  table(kind: number): TermTable {
    return this.tables[kind] as TermTable
  }

  private grow(): void {
    const offsets = new Uint32Array(this.offsets.length * 2)
    const ends = new Uint32Array(this.offsets.length * 2)
    offsets.set(this.offsets)
    ends.set(this.ends)
    this.offsets = offsets
    this.ends = ends
  }
}
