// The pages of one sealed index, each verified when it is read, through the cache or in one go past it.
import { diskErrorCode } from '../disk/disk.js'
import type { FilePool } from '../disk/file-pool.js'
import {
  IndexDamaged,
  type IndexShape,
  PAGE_BYTES,
  PAGE_CONTENT,
  pageIsWhole,
  pagesFor,
  type Section,
} from './index-format.js'
import type { CachedPage, PageCache, PageOwner } from './page-cache.js'

export class IndexPages implements PageOwner {
  readonly resident = new Map<number, CachedPage>()

  constructor(
    readonly firstPosition: number,
    readonly path: string,
    readonly shape: IndexShape,
    private readonly context: { readonly pool: FilePool; readonly pages: PageCache },
  ) {}

  section(number: number): Section {
    return this.shape.sections[number] as Section
  }

  /** The page that holds byte `at` of the section. */
  page(section: Section, at: number): CachedPage {
    if (!(at >= 0 && at < section.length)) throw this.damaged(`a reference to byte ${at} of ${section.length}`)
    return this.context.pages.page(this, section.firstPage + Math.floor(at / PAGE_CONTENT))
  }

  /** Four bytes at a multiple of four, which no page boundary divides. */
  u32(section: Section, at: number): number {
    return this.page(section, at).view.getUint32(at % PAGE_CONTENT, true)
  }

  locate(section: Section, at: number): { page: CachedPage; within: number } {
    return { page: this.page(section, at), within: at % PAGE_CONTENT }
  }

  /** Reads a whole section past the cache. Its length was checked against the size of the file at the opening. */
  readSection(section: Section): Uint8Array<ArrayBuffer> {
    const pages = pagesFor(section.length)
    const raw = Buffer.allocUnsafeSlow(pages * PAGE_BYTES)
    this.read(raw, section.firstPage)
    const content = new Uint8Array(section.length)
    for (let i = 0; i < pages; i++) {
      const page = raw.subarray(i * PAGE_BYTES, (i + 1) * PAGE_BYTES)
      this.verify(page, section.firstPage + i)
      content.set(page.subarray(0, Math.min(PAGE_CONTENT, section.length - i * PAGE_CONTENT)), i * PAGE_CONTENT)
    }
    return content
  }

  load(into: Uint8Array, number: number): void {
    this.read(into, number)
    this.verify(into, number)
  }

  damaged(reason: string): IndexDamaged {
    return new IndexDamaged(this.path, reason)
  }

  /** Gives memory and descriptor back. A later read opens the file again. */
  close(): Promise<void> {
    this.context.pages.forget(this)
    return this.context.pool.forget(this.path)
  }

  private read(into: Uint8Array, page: number): void {
    const position = page * PAGE_BYTES
    let count: number
    try {
      count = this.context.pool.file(this.path).readSync(into, position)
    } catch (error) {
      if (diskErrorCode(error) === 'ENOENT') throw this.damaged('the file is gone')
      throw error
    }
    if (count !== into.length) throw this.damaged(`it ends within page ${page}`)
  }

  private verify(bytes: Uint8Array, page: number): void {
    if (!pageIsWhole(bytes, (this.shape.seed + page) >>> 0)) throw this.damaged(`page ${page} fails its checksum`)
  }
}
