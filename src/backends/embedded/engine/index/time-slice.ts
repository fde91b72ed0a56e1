// Cuts long work into slices, because appends and reads wait while one holds the event loop.

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
