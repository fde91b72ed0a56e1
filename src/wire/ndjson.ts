// Sends frames as lines of NDJSON at the pace of whoever reads them, and stops asking for more when nobody does.
import { Readable } from 'node:stream'

const CHUNK_CHARS = 64 * 1024

/**
 * Lines gather into chunks; the first goes out at once. `lastWords` makes the frame that tells of a failure after the
 * start, `first` is what was asked for beforehand. The source is pulled only while the reader takes, and returned when
 * the reader leaves.
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

  /** It ends with why, behind the line that is being made, or when its reader takes again. */
  stop(error: unknown): void {
    this.stopped ??= { error }
  }

  /** Called again only after a push, so one gathering goes on at a time. */
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
    // A source that is being waited for returns as soon as it has answered; nobody waits for it here.
    void Promise.resolve(this.source.return?.()).catch(() => undefined)
  }
}
