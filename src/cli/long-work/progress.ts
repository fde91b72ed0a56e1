// How far long work has come: a bar with rate and remaining time where standard error is a terminal, elsewhere a line at its end.
import type { Terminal } from '../command.js'

export interface LongWork {
  /** Of the command, such as `verify`. */
  readonly name: string
  readonly unit: 'bytes' | 'events' | 'positions'
  /** Undefined where nobody knows how much there is; then there is no remaining time. */
  readonly total?: number | undefined
}

/** What is over sooner needs no bar. */
const FIRST_MS = 500
/** The bar is drawn at most this often. */
const EVERY_MS = 100
/** What took longer leaves a line. */
const LONG_MS = 2_000
const CELLS = 12

export class Progress {
  private readonly begun: number
  private drawn: number | undefined
  private done = 0
  private total: number | undefined

  constructor(
    private readonly terminal: Terminal,
    private readonly work: LongWork,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.begun = now()
    this.total = work.total
  }

  /** For who knows only now how much there is. */
  expect(total: number): void {
    this.total = total
  }

  add(count: number): void {
    this.at(this.done + count)
  }

  at(done: number): void {
    this.done = done
    const { redraw } = this.terminal
    if (redraw === undefined) return
    const now = this.now()
    if (now < (this.drawn === undefined ? this.begun + FIRST_MS : this.drawn + EVERY_MS)) return
    this.drawn = now
    redraw(this.bar(now - this.begun))
  }

  /** The bar goes, and long work says what it was. */
  end(): void {
    const ms = this.now() - this.begun
    if (this.drawn !== undefined) this.terminal.redraw?.('')
    const { name } = this.work
    if (ms >= LONG_MS) this.terminal.err(`${name}: ${this.amount(this.done)} in ${time(ms)}, ${this.rate(ms)}`)
  }

  /** Within 80 columns; the remaining time, which is what most look for, stands near its beginning. */
  private bar(ms: number): string {
    const { name } = this.work
    const { done, total } = this
    if (total === undefined || total <= 0) return `${name}  ${this.amount(done)}  ${this.rate(ms)}`
    // An estimate may be too small; the end is told by the end alone.
    const share = Math.min(0.99, done / total)
    const full = Math.floor(share * CELLS)
    const bar = `[${'#'.repeat(full)}${'.'.repeat(CELLS - full)}]`
    const left = done === 0 ? '' : `, ${time((ms * Math.max(0, total - done)) / done)} left`
    const amount = `${this.figure(done)} of ${this.amount(total)}`
    return `${name} ${bar} ${Math.floor(share * 100)} %${left}  ${amount}  ${this.rate(ms)}`
  }

  private rate(ms: number): string {
    return `${this.figure(Math.round((this.done * 1_000) / Math.max(1, ms)))}/s`
  }

  private amount(count: number): string {
    const { unit } = this.work
    return unit === 'bytes' ? bytesOf(count) : `${this.figure(count)} ${unit}`
  }

  private figure(count: number): string {
    return this.work.unit === 'bytes' ? bytesOf(count) : count.toLocaleString('en-US')
  }
}

function bytesOf(count: number): string {
  if (count >= 1e9) return `${(count / 1e9).toFixed(1)} GB`
  return count >= 1e6 ? `${(count / 1e6).toFixed(1)} MB` : `${(count / 1e3).toFixed(0)} KB`
}

function time(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** The bar is gone before anything else is said, also of an error. */
export async function watched<T>(
  terminal: Terminal,
  work: LongWork,
  doing: (progress: Progress) => Promise<T>,
): Promise<T> {
  const progress = new Progress(terminal, work)
  try {
    return await doing(progress)
  } finally {
    progress.end()
  }
}

/** Counts what is read of a file. */
export async function* counted(chunks: AsyncIterable<Buffer>, progress: Progress): AsyncGenerator<Buffer, void, void> {
  for await (const chunk of chunks) {
    progress.add(chunk.length)
    yield chunk
  }
}
