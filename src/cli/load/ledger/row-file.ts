// A file of rows of one size, read and written at any place, of which no more than a few pages are in memory.
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'

const PAGE_ROWS = 4_096
/** Who writes and who checks go forward: these are the rows of operations that take long. */
const MOST_PAGES = 64

interface Page {
  readonly bytes: Buffer
  isChanged: boolean
}

export class RowFile {
  private readonly file: number
  private readonly pages = new Map<number, Page>()
  private current: { readonly number: number; readonly page: Page } | undefined

  constructor(
    path: string,
    private readonly rowBytes: number,
    /** Otherwise it has no name any more once it is open, so that nothing stays behind whatever ends the process. */
    kept: 'new' | 'again' | undefined,
  ) {
    this.file = openSync(path, kept === 'again' ? 'r+' : 'wx+')
    if (kept === undefined) unlinkSync(path)
  }

  /** Zeros where nothing was written. What is changed in it is not kept: see `edit`. */
  row(index: number): Buffer {
    return this.within(this.pageOf(index), index)
  }

  /** What is changed in it before the next call is kept. */
  edit(index: number): Buffer {
    const page = this.pageOf(index)
    page.isChanged = true
    return this.within(page, index)
  }

  get pagesInMemory(): number {
    return this.pages.size
  }

  /** All that was changed is in the file. */
  flush(): void {
    for (const [number, page] of this.pages) this.write(number, page)
  }

  close(): void {
    closeSync(this.file)
  }

  private within({ bytes }: Page, index: number): Buffer {
    const begin = (index % PAGE_ROWS) * this.rowBytes
    return bytes.subarray(begin, begin + this.rowBytes)
  }

  private pageOf(index: number): Page {
    const number = Math.floor(index / PAGE_ROWS)
    if (this.current?.number === number) return this.current.page
    const page = this.pages.get(number) ?? this.read(number)
    // The page that was used longest ago is the first of the map.
    this.pages.delete(number)
    this.pages.set(number, page)
    this.current = { number, page }
    if (this.pages.size > MOST_PAGES) this.drop()
    return page
  }

  private drop(): void {
    const [number, page] = this.pages.entries().next().value as [number, Page]
    this.write(number, page)
    this.pages.delete(number)
  }

  private read(number: number): Page {
    const bytes = Buffer.alloc(PAGE_ROWS * this.rowBytes)
    const begin = number * bytes.length
    let read = 0
    for (let more = -1; read < bytes.length && more !== 0; read += more)
      more = readSync(this.file, bytes, read, bytes.length - read, begin + read)
    return { bytes, isChanged: false }
  }

  private write(number: number, page: Page): void {
    if (!page.isChanged) return
    const { bytes } = page
    for (let written = 0; written < bytes.length; )
      written += writeSync(this.file, bytes, written, bytes.length - written, number * bytes.length + written)
    page.isChanged = false
  }
}
