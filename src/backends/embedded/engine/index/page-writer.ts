// Writes an index file page by page: content goes in as bytes and numbers, checksummed pages come out in large writes.
import type { DiskFile } from '../disk/disk.js'
import { PAGE_BYTES, PAGE_CONTENT, type Section, sealPage } from './index-format.js'

const CHUNK_PAGES = 32

export class PageWriter {
  /** The page being filled. Page 0 is the header, which is written last, because it names all sections. */
  private number = 1
  private page: Buffer
  private chunk = newChunk()
  private readonly full: Buffer[] = []
  private at = 0
  private sectionPage = 1
  private sectionLength = 0
  private written = PAGE_BYTES

  constructor(
    private readonly file: DiskFile,
    private readonly seed: number,
  ) {
    this.page = this.chunk.subarray(0, PAGE_BYTES)
  }

  get pageCount(): number {
    return this.number
  }

  /** Bytes of the current section so far. */
  get length(): number {
    return this.sectionLength
  }

  byte(value: number): void {
    this.page[this.at] = value
    this.advance(1)
  }

  varint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      this.byte((rest & 0x7f) | 0x80)
      rest = Math.floor(rest / 128)
    }
    this.byte(rest)
  }

  /** Writes a number of 4 bytes at any place, also across two pages. */
  u32(value: number): void {
    if (this.at + 4 <= PAGE_CONTENT) {
      this.page.writeUInt32LE(value, this.at)
      this.advance(4)
      return
    }
    for (let shift = 0; shift < 32; shift += 8) this.byte((value >>> shift) & 0xff)
  }

  bytes(source: Uint8Array): void {
    for (let from = 0; from < source.length; ) {
      const part = source.subarray(from, from + PAGE_CONTENT - this.at)
      this.page.set(part, this.at)
      from += part.length
      this.advance(part.length)
    }
  }

  /** Ends the section; the next one starts on a page of its own. */
  endSection(): Section {
    if (this.at > 0) this.nextPage()
    const section = { firstPage: this.sectionPage, length: this.sectionLength }
    this.sectionPage = this.number
    this.sectionLength = 0
    return section
  }

  /** Hands the full chunks to the disk. Call it between slices, so that memory stays small. */
  async drain(): Promise<void> {
    if (this.full.length > 0) await this.write(this.full.splice(0))
  }

  /** Writes what is left, then the header page. */
  async finish(header: Uint8Array): Promise<void> {
    await this.drain()
    const rest = this.chunk.subarray(0, ((this.number - 1) % CHUNK_PAGES) * PAGE_BYTES)
    if (rest.length > 0) await this.write([rest])
    this.written = 0
    await this.write([header])
  }

  private advance(bytes: number): void {
    this.at += bytes
    this.sectionLength += bytes
    if (this.at === PAGE_CONTENT) this.nextPage()
  }

  private nextPage(): void {
    this.page.fill(0, this.at, PAGE_CONTENT)
    sealPage(this.page, (this.seed + this.number) >>> 0)
    this.at = 0
    const within = this.number++ % CHUNK_PAGES
    if (within === 0) {
      this.full.push(this.chunk)
      this.chunk = newChunk()
    }
    this.page = this.chunk.subarray(within * PAGE_BYTES, (within + 1) * PAGE_BYTES)
  }

  private async write(chunks: readonly Uint8Array[]): Promise<void> {
    const wanted = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const count = await this.file.write(chunks, this.written)
    // A full disk gives a short count without an error.
    if (count !== wanted) {
      throw Object.assign(new Error(`wrote ${count} of ${wanted} bytes to ${this.file.path}`), { code: 'ENOSPC' })
    }
    this.written += wanted
  }
}

function newChunk(): Buffer<ArrayBuffer> {
  return Buffer.allocUnsafeSlow(CHUNK_PAGES * PAGE_BYTES)
}
