// Reads a file at the first request and keeps it; a failed read is not kept, so that the next request tries again.

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
