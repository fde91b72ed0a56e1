// A text that is costly to make, so readers at the same time share one, and it is kept for a while.

interface Kept {
  readonly text: string
  readonly at: number
}

export class SharedText {
  private kept: Kept | undefined
  private making: Promise<string> | undefined

  constructor(
    private readonly make: () => Promise<string>,
    private readonly keepMs: number,
    private readonly now: () => number,
  ) {}

  read(): Promise<string> {
    if (this.making !== undefined) return this.making
    if (this.kept !== undefined && this.now() - this.kept.at < this.keepMs) return Promise.resolve(this.kept.text)
    this.making = this.fresh().finally(() => {
      this.making = undefined
    })
    return this.making
  }

  private async fresh(): Promise<string> {
    const text = await this.make()
    this.kept = { text, at: this.now() }
    return text
  }
}
