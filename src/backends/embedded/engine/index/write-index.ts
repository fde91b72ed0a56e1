// Writes the .idx file of a sealed segment from its postings in memory, in slices that leave the event loop free.
import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../disk/disk.js'
import type { ActivePostings } from './active-postings.js'
import { sortedOrder } from './dictionary.js'
import { encodeHeader, type IndexIdentity, LIST_BIT, LOG_BLOCK_BYTES, pageSeed, type Section } from './index-format.js'
import { PageWriter } from './page-writer.js'
import { writeList } from './posting-list.js'
import { KIND_COUNT, kindIn } from './postings.js'
import { addToFilter, filterFor } from './term-filter.js'
import { sortTexts, writeText } from './text-list.js'
import { TimeSlice } from './time-slice.js'

interface IndexContent {
  readonly postings: ActivePostings
  readonly identity: IndexIdentity
  readonly blockChecksums: Uint32Array
}

const STEP = 1024
const TERM_STEP = 64

/**
 * Replaces the file at `path` durably, or leaves it as it was and throws. The postings must not change until then.
 * `blockChecksums` has the CRC-32 of each block of 4 KiB of the log, the last of which may be shorter. `pause` is
 * awaited about every two milliseconds of work.
 */
export async function writeIndex(
  disk: Disk,
  path: string,
  postings: ActivePostings,
  identity: IndexIdentity,
  blockChecksums: Uint32Array,
  pause: () => Promise<void>,
): Promise<void> {
  const content = { postings, identity, blockChecksums }
  check(content)
  const temporary = `${path}.tmp`
  await disk.unlink(temporary)
  const file = await disk.open(temporary, { mode: 'create' })
  try {
    try {
      await new IndexWriter(file, content, pause).write()
      await file.sync()
    } finally {
      await file.close()
    }
    await disk.rename(temporary, path)
  } catch (error) {
    // If the unfinished file cannot be removed now, the next attempt tries again.
    await disk.unlink(temporary).catch(() => undefined)
    throw error
  }
  await disk.syncDirectory(dirname(path))
}

function check({ postings, identity, blockChecksums }: IndexContent): void {
  if (postings.count !== identity.count) {
    throw new RangeError(`${postings.count} events indexed of a segment of ${identity.count}`)
  }
  const blocks = Math.ceil(identity.logLength / LOG_BLOCK_BYTES)
  if (blockChecksums.length !== blocks) throw new RangeError(`${blockChecksums.length} checksums of ${blocks} blocks`)
  if (postings.count > 0 && postings.end(postings.count - 1) > identity.logLength) {
    throw new RangeError('the last event ends behind the log')
  }
}

/** The hash lanes of every term, and its one ordinal or the complement of the number of its list, at the same index. */
interface Terms {
  readonly high: Int32Array
  readonly low: Int32Array
  readonly value: Int32Array
}

class IndexWriter {
  private readonly writer: PageWriter
  private readonly pace: TimeSlice
  private readonly sections: Section[] = []

  constructor(
    file: DiskFile,
    private readonly content: IndexContent,
    pause: () => Promise<void>,
  ) {
    this.writer = new PageWriter(file, pageSeed(content.identity))
    this.pace = new TimeSlice(pause)
  }

  async write(): Promise<void> {
    const { postings, identity } = this.content
    const gapWidth = await this.offsetsAndGaps()
    const { terms, filter } = await this.terms()
    const order = await sortedOrder(terms.high, terms.low, this.pace)
    const values = await this.lists(terms, order)
    await this.dictionary(terms, order, values)
    await this.bytes(filter)
    await this.numbers(this.content.blockChecksums)
    for (let kind = 0; kind < KIND_COUNT; kind++) await this.texts(kind)
    const { kinds } = postings
    const { pageCount } = this.writer
    await this.writer.finish(encodeHeader({ identity, kinds, gapWidth, pageCount, sections: this.sections }))
  }

  /** All gaps take the width of the widest: frames of one kind leave the same few bytes between their events. */
  private async offsetsAndGaps(): Promise<number> {
    const { postings, identity } = this.content
    const { count } = identity
    let widest = 0
    const gapOf = (ordinal: number) =>
      ordinal + 1 === count ? 0 : postings.offset(ordinal + 1) - postings.end(ordinal)
    for (let ordinal = 0; ordinal < count; ordinal++) {
      this.writer.u32(postings.offset(ordinal))
      widest = Math.max(widest, gapOf(ordinal))
      if (ordinal % STEP === 0) await this.breathe()
    }
    this.writer.u32(count === 0 ? 0 : postings.end(count - 1))
    this.endSection()
    const width = widest < 0x100 ? 1 : widest < 0x1_0000 ? 2 : 4
    for (let ordinal = 0; ordinal < count; ordinal++) {
      const gap = gapOf(ordinal)
      for (let byte = 0; byte < width; byte++) this.writer.byte((gap >>> (byte * 8)) & 0xff)
      if (ordinal % STEP === 0) await this.breathe()
    }
    this.endSection()
    return width
  }

  /** One walk over all terms collects what the dictionary and the filter are made of. */
  private async terms(): Promise<{ terms: Terms; filter: Uint8Array }> {
    const { postings } = this.content
    const tables = Array.from({ length: KIND_COUNT }, (_, kind) => postings.table(kind))
    const total = tables.reduce((sum, table) => sum + table.size, 0)
    const filtered = new Set(tables.filter((_, kind) => kindIn(postings.kinds.filtered, kind)))
    const filter = filterFor([...filtered].reduce((sum, table) => sum + table.size, 0))
    const terms = { high: new Int32Array(total), low: new Int32Array(total), value: new Int32Array(total) }
    let next = 0
    for (const table of tables) {
      const inFilter = filtered.has(table)
      for (const { high, low, value } of table.entries()) {
        terms.high[next] = high
        terms.low[next] = low
        terms.value[next] = value
        if (inFilter) addToFilter(filter, high, low)
        if (++next % TERM_STEP === 0) await this.breathe()
      }
    }
    return { terms, filter }
  }

  /** Writes the lists in the order of the dictionary, and returns the values of its entries. */
  private async lists({ value }: Terms, order: Uint32Array): Promise<Uint32Array> {
    const { lists } = this.content.postings
    const values = new Uint32Array(order.length)
    for (let i = 0; i < order.length; i++) {
      const held = value[order[i] as number] as number
      values[i] = held >= 0 ? held : await this.list(lists.view(~held))
      if (i % TERM_STEP === 0) await this.breathe()
    }
    this.endSection()
    return values
  }

  private async list(ordinals: Uint32Array): Promise<number> {
    const at = this.writer.length
    for (const _ of writeList(this.writer, ordinals)) await this.breathe()
    return LIST_BIT + at
  }

  private async dictionary({ high, low }: Terms, order: Uint32Array, values: Uint32Array): Promise<void> {
    for (let i = 0; i < order.length; i++) {
      const term = order[i] as number
      this.writer.u32((high[term] as number) >>> 0)
      this.writer.u32((low[term] as number) >>> 0)
      this.writer.u32(values[i] as number)
      if (i % STEP === 0) await this.breathe()
    }
    this.endSection()
  }

  private async bytes(source: Uint8Array): Promise<void> {
    for (let from = 0; from < source.length; from += STEP * 16) {
      this.writer.bytes(source.subarray(from, from + STEP * 16))
      await this.breathe()
    }
    this.endSection()
  }

  private async numbers(source: Uint32Array): Promise<void> {
    for (let i = 0; i < source.length; i++) {
      this.writer.u32(source[i] as number)
      if (i % STEP === 0) await this.breathe()
    }
    this.endSection()
  }

  private async texts(kind: number): Promise<void> {
    const { postings } = this.content
    if (kindIn(postings.kinds.enumerable, kind)) {
      let previous = ''
      let written = 0
      for (const text of await sortTexts([...postings.texts(kind)], this.pace)) {
        writeText(this.writer, previous, text)
        previous = text
        if (++written % TERM_STEP === 0) await this.breathe()
      }
    }
    this.endSection()
  }

  private endSection(): void {
    this.sections.push(this.writer.endSection())
  }

  private async breathe(): Promise<void> {
    if (!this.pace.due) return
    await this.writer.drain()
    await this.pace.rest()
  }
}
