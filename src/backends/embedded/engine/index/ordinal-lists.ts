// The ascending ordinals of every term that more than one event carries, in one growing array instead of many objects.

const FIRST_WORDS = 4096
const FIRST_CAPACITY = 4
/** The record of a list: where it starts, how many it holds, and how many it can hold. */
const RECORD = 3

export class OrdinalLists {
  private words = new Uint32Array(FIRST_WORDS)
  private used = 0
  private records = new Uint32Array(RECORD * 256)
  private lists = 0

  /** Makes a list of two ordinals and returns its number. */
  create(first: number, second: number): number {
    const list = this.lists++
    if (this.lists * RECORD > this.records.length) this.records = larger(this.records, 0)
    const start = this.take(FIRST_CAPACITY)
    this.words[start] = first
    this.words[start + 1] = second
    const record = list * RECORD
    this.records[record] = start
    this.records[record + 1] = 2
    this.records[record + 2] = FIRST_CAPACITY
    return list
  }

  push(list: number, ordinal: number): void {
    const record = list * RECORD
    const length = this.records[record + 1] as number
    if (length === this.records[record + 2]) this.move(record, length)
    this.words[(this.records[record] as number) + length] = ordinal
    this.records[record + 1] = length + 1
  }

  length(list: number): number {
    return this.records[list * RECORD + 1] as number
  }

  at(list: number, index: number): number {
    return this.words[(this.records[list * RECORD] as number) + index] as number
  }

  last(list: number): number {
    return this.at(list, this.length(list) - 1)
  }

  /** How many ordinals of the list are less than `limit`. */
  countBelow(list: number, limit: number): number {
    let low = 0
    let high = this.length(list)
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.at(list, middle) < limit) low = middle + 1
      else high = middle
    }
    return low
  }

  shorten(list: number, length: number): void {
    this.records[list * RECORD + 1] = length
  }

  /** Returns a view. It stays as it is while the list grows, because a list that moves leaves its old words behind. */
  view(list: number): Uint32Array {
    const start = this.records[list * RECORD] as number
    return this.words.subarray(start, start + this.length(list))
  }

  private move(record: number, length: number): void {
    const from = this.records[record] as number
    const start = this.take(length * 2)
    this.words.copyWithin(start, from, from + length)
    this.records[record] = start
    this.records[record + 2] = length * 2
  }

  private take(words: number): number {
    const start = this.used
    this.used += words
    if (this.used > this.words.length) this.words = larger(this.words, this.used)
    return start
  }
}

function larger(words: Uint32Array, least: number): Uint32Array<ArrayBuffer> {
  const doubled = new Uint32Array(Math.max(words.length * 2, least))
  doubled.set(words)
  return doubled
}
