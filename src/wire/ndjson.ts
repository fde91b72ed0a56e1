// Sends frames as lines of NDJSON at the pace of the reader, and ends the source when the reader leaves.
import { Readable } from 'node:stream'

const CHUNK_CHARS = 64 * 1024

/**
 * Lines are gathered into chunks, except that the first line is sent at once. `lastWords` makes the frame that reports
 * a failure after the start. `first` is a result that was already pulled from the source. The source is pulled only
 * while the reader takes, and `return` is called on it when the reader leaves.
 */
export function ndjsonStream(
  frames: AsyncIterable<string>,
  lastWords: (error: unknown) => string,
  first?: IteratorResult<string>,
): LineStream {
  return new LineStream(frames[Symbol.asyncIterator](), lastWords, first)
}

export class LineStream extends Readable {
  private started = false
  private stopped: { readonly error: unknown } | undefined

  constructor(
    private readonly source: AsyncIterator<string>,
    private readonly lastWords: (error: unknown) => string,
    private first: IteratorResult<string> | undefined,
  ) {
    super({ highWaterMark: CHUNK_CHARS })
  }

  /** Ends the stream with this error, after the line in progress or at the reader's next pull. */
  stop(error: unknown): void {
    this.stopped ??= { error }
  }

  /** Node calls this again only after a push, so two calls of `gather` never overlap. */
  override _read(): void {
    void this.gather()
  }

  private async gather(): Promise<void> {
    let lines = ''
    try {
      do {
        const { done, value } = await this.next()
        if (this.destroyed) return
        if (done) {
          this.finish(lines)
          return
        }
        lines += `${value}\n`
      } while (this.started && lines.length < CHUNK_CHARS)
    } catch (error) {
      if (!this.destroyed) this.finish(`${lines}${this.lastWords(error)}\n`)
      return
    }
    this.started = true
    this.push(lines)
  }

  private next(): IteratorResult<string> | Promise<IteratorResult<string>> {
    if (this.stopped !== undefined) throw this.stopped.error
    const { first } = this
    if (first === undefined) return this.source.next()
    this.first = undefined
    return first
  }

  private finish(lines: string): void {
    if (lines !== '') this.push(lines)
    this.push(null)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    done(error)
    // A source that is waiting returns only once its wait ends, so closing the stream does not wait for it.
    void Promise.resolve(this.source.return?.()).catch(() => undefined)
  }
}
