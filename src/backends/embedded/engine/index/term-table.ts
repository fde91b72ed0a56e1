// The terms of one kind in memory, in one flat hash table, because a map of unique strings costs four times as much.
import { randomBytes } from 'node:crypto'
import { OrdinalLists } from './ordinal-lists.js'
import type { TermHash } from './term-hash.js'

const FIRST_SLOTS = 64
/**
 * A slot holds high hash, low hash, value, and 0 if it is free, else 1 + the number of its text. The value is the one
 * ordinal of the term, or the complement of the number of its list. All are signed, because V8 boxes numbers above
 * 2^31.
 */
const SLOT = 4

/** The place of a term in the table is secret, so that no client can choose texts that pile up in one place. */
const SECRET = randomBytes(8)
const SECRET_HIGH = SECRET.readInt32LE(0)
const SECRET_LOW = SECRET.readInt32LE(4)

export class TermTable {
  size = 0
  private slots = new Int32Array(FIRST_SLOTS * SLOT)
  private mask = FIRST_SLOTS - 1
  private kept: string[] = []

  /** With `keepsTexts` terms are distinguished by their texts, exactly; without, by their hash alone. */
  constructor(
    private readonly lists: OrdinalLists,
    private readonly keepsTexts: boolean,
  ) {}

  /** Adds an ordinal that must not be less than any of the term so far. Adding the same one twice counts once. */
  add(hash: TermHash, text: string, ordinal: number): void {
    const at = this.find(hash, text)
    if (this.slots[at + 3] === 0) this.fill(at, hash, text, ordinal)
    else this.lengthen(at, ordinal)
  }

  /** The same for a text that lies in `bytes` as ASCII; a string is made of it only where it is new. */
  addAscii(hash: TermHash, bytes: Buffer, from: number, to: number, ordinal: number): void {
    const at = this.findAscii(hash, bytes, from, to)
    if (this.slots[at + 3] !== 0) this.lengthen(at, ordinal)
    else this.fill(at, hash, this.keepsTexts ? bytes.toString('latin1', from, to) : '', ordinal)
  }

  private lengthen(at: number, ordinal: number): void {
    const { slots } = this
    const value = slots[at + 2] as number
    const last = value >= 0 ? value : this.lists.last(~value)
    if (ordinal === last) return
    if (ordinal < last) throw new RangeError(`event ${ordinal} is out of turn: event ${last} has the term already`)
    if (value >= 0) slots[at + 2] = ~this.lists.create(value, ordinal)
    else this.lists.push(~value, ordinal)
  }

  has(hash: TermHash, text: string): boolean {
    return this.slots[this.find(hash, text) + 3] !== 0
  }

  /** A view on the term's list, or a fresh array of its one ordinal. */
  ordinals(hash: TermHash, text: string): Uint32Array | undefined {
    const at = this.find(hash, text)
    if (this.slots[at + 3] === 0) return undefined
    const value = this.slots[at + 2] as number
    return value >= 0 ? Uint32Array.of(value) : this.lists.view(~value)
  }

  /** The greatest ordinal of the term that is less than `below`, or -1. */
  last(hash: TermHash, text: string, below: number): number {
    const at = this.find(hash, text)
    if (this.slots[at + 3] === 0) return -1
    const value = this.slots[at + 2] as number
    if (value >= 0) return value < below ? value : -1
    const list = ~value
    const last = this.lists.last(list)
    if (last < below) return last
    const kept = this.lists.countBelow(list, below)
    return kept === 0 ? -1 : this.lists.at(list, kept - 1)
  }

  texts(): readonly string[] {
    return this.kept
  }

  /** Every term, in no order: its hash, and its one ordinal or the complement of the number of its list. */
  *entries(): Generator<{ high: number; low: number; value: number }> {
    const { slots } = this
    for (let at = 0; at < slots.length; at += SLOT) {
      if (slots[at + 3] === 0) continue
      yield { high: slots[at] as number, low: slots[at + 1] as number, value: slots[at + 2] as number }
    }
  }

  /** Forgets the ordinals from `count` on, by building the table anew. */
  truncate(count: number): void {
    const { slots, kept } = this
    this.slots = new Int32Array(slots.length)
    this.kept = []
    this.size = 0
    for (let at = 0; at < slots.length; at += SLOT) {
      const tag = slots[at + 3] as number
      if (tag === 0) continue
      const value = this.truncated(slots[at + 2] as number, count)
      if (value === undefined) continue
      const hash = { high: slots[at] as number, low: slots[at + 1] as number }
      const text = this.keepsTexts ? (kept[tag - 1] as string) : ''
      this.fill(this.find(hash, text), hash, text, value)
    }
  }

  private truncated(value: number, count: number): number | undefined {
    if (value >= 0) return value < count ? value : undefined
    const list = ~value
    const left = this.lists.countBelow(list, count)
    if (left === 0) return undefined
    if (left === 1) return this.lists.at(list, 0)
    this.lists.shorten(list, left)
    return value
  }

  /** Where the slot of the term starts, or the free slot where it belongs. */
  private find(hash: TermHash, text: string): number {
    const { slots, mask } = this
    const { high, low } = hash
    for (let slot = place(high, low) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT
      const tag = slots[at + 3] as number
      if (tag === 0) return at
      if (slots[at] !== high || slots[at + 1] !== low) continue
      if (!this.keepsTexts || this.kept[tag - 1] === text) return at
    }
  }

  private findAscii({ high, low }: TermHash, bytes: Buffer, from: number, to: number): number {
    const { slots, mask } = this
    for (let slot = place(high, low) & mask; ; slot = (slot + 1) & mask) {
      const at = slot * SLOT
      const tag = slots[at + 3] as number
      if (tag === 0) return at
      if (slots[at] !== high || slots[at + 1] !== low) continue
      if (!this.keepsTexts || isAscii(this.kept[tag - 1] as string, bytes, from, to)) return at
    }
  }

  private fill(at: number, hash: TermHash, text: string, value: number): void {
    this.slots[at] = hash.high
    this.slots[at + 1] = hash.low
    this.slots[at + 2] = value
    this.slots[at + 3] = this.keepsTexts ? this.kept.push(text) : 1
    this.size++
    // Above five eighths the runs of taken slots grow fast.
    if (this.size * 8 > (this.mask + 1) * 5) this.grow()
  }

  private grow(): void {
    const { slots } = this
    const next = new Int32Array(slots.length * 2)
    this.mask = this.mask * 2 + 1
    for (let from = 0; from < slots.length; from += SLOT) {
      if (slots[from + 3] === 0) continue
      let slot = place(slots[from] as number, slots[from + 1] as number) & this.mask
      while (next[slot * SLOT + 3] !== 0) slot = (slot + 1) & this.mask
      const to = slot * SLOT
      next[to] = slots[from] as number
      next[to + 1] = slots[from + 1] as number
      next[to + 2] = slots[from + 2] as number
      next[to + 3] = slots[from + 3] as number
    }
    this.slots = next
  }
}

function isAscii(text: string, bytes: Buffer, from: number, to: number): boolean {
  if (text.length !== to - from) return false
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) !== bytes[from + at]) return false
  return true
}

function place(high: number, low: number): number {
  let mixed = Math.imul(low ^ SECRET_LOW, 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ high ^ SECRET_HIGH, 0xc2b2ae35)
  return mixed ^ (mixed >>> 16)
}
