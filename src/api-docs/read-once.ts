// A file that is read when it is first asked for and kept; a read that failed is not, so that the next one tries again.

export class ReadOnce {
  private kept: Promise<Buffer> | undefined

  constructor(private readonly load: () => Promise<Buffer>) {}

  async read(): Promise<Buffer> {
    this.kept ??= this.load()
    const { kept } = this
    try {
      return await kept
    } catch (error) {
      if (this.kept === kept) this.kept = undefined
      throw error
    }
  }
}
