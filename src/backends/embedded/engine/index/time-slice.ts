// Keeps long work from holding the event loop: tells when a slice is over.

export class TimeSlice {
  private started = performance.now()

  constructor(
    private readonly pause: () => Promise<void>,
    private readonly sliceMs = 2,
  ) {}

  get due(): boolean {
    return performance.now() - this.started >= this.sliceMs
  }

  async rest(): Promise<void> {
    await this.pause()
    this.started = performance.now()
  }
}
