// The list of a term that several events carry: gaps as varints, with a table of its blocks if it is long.
import type { Section } from './index-format.js'
import type { IndexPages } from './index-pages.js'
import type { PageWriter } from './page-writer.js'
import { SectionCursor } from './section-cursor.js'

/** A list of more than one block starts with a table, so that its end is found without reading it all. */
export const LIST_BLOCK = 1024
/** An entry per block: its last ordinal, and where it ends, counted from the end of the table. */
const TABLE_ENTRY = 8

/** Writes the list in steps of at most one block; the caller may pause between them. */
export function* writeList(writer: PageWriter, ordinals: Uint32Array): Generator<void> {
  writer.varint(ordinals.length)
  if (ordinals.length > LIST_BLOCK) {
    let end = 0
    for (let from = 0; from < ordinals.length; from += LIST_BLOCK) {
      const to = Math.min(from + LIST_BLOCK, ordinals.length)
      end += encodedLength(ordinals, from, to)
      writer.u32(ordinals[to - 1] as number)
      writer.u32(end)
      yield
    }
  }
  let previous = -1
  for (let i = 0; i < ordinals.length; i++) {
    const ordinal = ordinals[i] as number
    // One less than the gap is written, because no gap is zero: so no bytes can make a list that does not rise.
    writer.varint(ordinal - previous - 1)
    previous = ordinal
    if (i % LIST_BLOCK === LIST_BLOCK - 1) yield
  }
}

export function readList(pages: IndexPages, lists: Section, at: number): Uint32Array {
  const cursor = new SectionCursor(pages, lists, at)
  const length = listLength(cursor, pages)
  for (let skip = tableBytes(length); skip > 0; skip--) cursor.byte()
  const ordinals = new Uint32Array(length)
  let previous = -1
  for (let i = 0; i < length; i++) {
    previous += cursor.varint() + 1
    ordinals[i] = previous
  }
  if (previous >= pages.shape.count) throw pages.damaged(`an event ${previous} in a list`)
  return ordinals
}

/** The greatest ordinal of the list less than `below`, or -1. */
export function lastInList(pages: IndexPages, lists: Section, at: number, below: number): number {
  const cursor = new SectionCursor(pages, lists, at)
  const length = listLength(cursor, pages)
  const tableAt = cursor.at
  let from = { block: 0, base: -1, at: tableAt }
  if (length > LIST_BLOCK) {
    from = findBlock(pages, lists, { at: tableAt, blocks: Math.ceil(length / LIST_BLOCK) }, below)
  }
  const reader = length > LIST_BLOCK ? new SectionCursor(pages, lists, from.at) : cursor
  let found = from.base
  const left = Math.min(LIST_BLOCK, length - from.block * LIST_BLOCK)
  for (let i = 0; i < left; i++) {
    const ordinal = found + reader.varint() + 1
    if (ordinal >= below) break
    found = ordinal
  }
  if (found >= pages.shape.count) throw pages.damaged(`an event ${found} in a list`)
  return found
}

/** The first block whose last ordinal is not less than `below`, or the last block. */
function findBlock(pages: IndexPages, lists: Section, table: { at: number; blocks: number }, below: number) {
  const entry = (block: number) => {
    const cursor = new SectionCursor(pages, lists, table.at + block * TABLE_ENTRY)
    return { last: cursor.u32(), end: cursor.u32() }
  }
  let low = 0
  let high = table.blocks - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (entry(middle).last < below) low = middle + 1
    else high = middle
  }
  const start = table.at + table.blocks * TABLE_ENTRY
  if (low === 0) return { block: 0, base: -1, at: start }
  const before = entry(low - 1)
  return { block: low, base: before.last, at: start + before.end }
}

function listLength(cursor: SectionCursor, pages: IndexPages): number {
  const length = cursor.varint()
  if (length > pages.shape.count) throw pages.damaged(`a list of ${length} events`)
  return length
}

function tableBytes(length: number): number {
  return length > LIST_BLOCK ? Math.ceil(length / LIST_BLOCK) * TABLE_ENTRY : 0
}

function encodedLength(ordinals: Uint32Array, from: number, to: number): number {
  let bytes = 0
  for (let i = from; i < to; i++) {
    const gap = (ordinals[i] as number) - (i === 0 ? -1 : (ordinals[i - 1] as number)) - 1
    // One for each seven bits.
    bytes++
    for (let rest = gap >>> 7; rest > 0; rest >>>= 7) bytes++
  }
  return bytes
}
