// Reads a section of a sealed index byte by byte across its pages.
import { PAGE_CONTENT, type Section } from './index-format.js'
import type { IndexPages } from './index-pages.js'

/** Use it in one go, because reading another page may replace the content of the page that the cursor is on. */
export class SectionCursor {
  private bytes: Uint8Array
  private within: number
  private left: number

  constructor(
    private readonly pages: IndexPages,
    private readonly section: Section,
    private pageStart: number,
  ) {
    this.within = pageStart % PAGE_CONTENT
    this.pageStart -= this.within
    this.bytes = pages.page(section, this.pageStart + this.within).bytes
    this.left = Math.min(PAGE_CONTENT, section.length - this.pageStart)
  }

  /** Where in the section the next byte lies. */
  get at(): number {
    return this.pageStart + this.within
  }

  byte(): number {
    if (this.within === this.left) this.nextPage()
    return this.bytes[this.within++] as number
  }

  /** Reads a number of at most 32 bits. A greater one is damage. */
  varint(): number {
    let byte = this.byte()
    if (byte < 0x80) return byte
    let value = byte & 0x7f
    for (let scale = 128; ; scale *= 128) {
      byte = this.byte()
      value += (byte & 0x7f) * scale
      if (value >= 2 ** 32 || (byte === 0 && scale > 1)) throw this.pages.damaged('a number out of bounds')
      if (byte < 0x80) return value
    }
  }

  u32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0
  }

  private nextPage(): void {
    const at = this.at
    this.bytes = this.pages.page(this.section, at).bytes
    this.pageStart = at
    this.within = 0
    this.left = Math.min(PAGE_CONTENT, this.section.length - at)
  }
}
