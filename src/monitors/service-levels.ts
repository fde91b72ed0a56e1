// What clients get: durations and failures of each operation, in windows that slide by five seconds. No timer of its own.
import { ERRORS, type ErrorCode } from '../contract/errors.js'
import { LogHistogram } from './log-histogram.js'

export const TIMED_WORK = ['append', 'query', 'sync', 'delivery'] as const
export type TimedWork = (typeof TIMED_WORK)[number]

/** A minute slides by slices of this length. */
export const SLICE_MS = 5_000
const SLICES = 12

export interface Slice {
  readonly durations: LogHistogram
  good: number
  bad: number
}

/** A slice on its way to another thread. */
export interface ToldSlice {
  readonly durations: Uint32Array
  readonly good: number
  readonly bad: number
}

/** Refusals that say nothing of how the service is: they follow from the mode, or from the caller's leaving. */
const NO_FAULT: ReadonlySet<string> = new Set(['MODE_FORBIDS', 'ABORTED', 'CLOSED'] satisfies ErrorCode[])

/** An error that is not in the catalogue is a defect. */
export function isFaultOfService(code: string | undefined): boolean {
  if (code === undefined || !Object.hasOwn(ERRORS, code)) return true
  return ERRORS[code as ErrorCode].status >= 500 && !NO_FAULT.has(code)
}

class Sliding {
  private readonly slices: Slice[] = Array.from({ length: SLICES }, () => ({
    durations: new LogHistogram(),
    good: 0,
    bad: 0,
  }))
  private at = 0
  current = this.slices[0] as Slice

  /** Answers the slice that is over. */
  slide(): Slice {
    const over = this.current
    this.at = (this.at + 1) % SLICES
    this.current = this.slices[this.at] as Slice
    this.current.durations.clear()
    this.current.good = 0
    this.current.bad = 0
    return over
  }

  get minute(): LogHistogram {
    const all = new LogHistogram()
    for (const { durations } of this.slices) all.add(durations)
    return all
  }
}

export class ServiceLevels {
  private readonly kept: Readonly<Record<TimedWork, Sliding>> = {
    append: new Sliding(),
    query: new Sliding(),
    sync: new Sliding(),
    delivery: new Sliding(),
  }
  /** Appends that were asked for and are not answered. */
  private begun = 0
  private begunElsewhere = 0
  /** Since when the oldest batch is durable that followers at head have not been given; 0: there is none. */
  private durableAt = 0
  /** While nobody follows nothing is delivered. */
  private isFollowed = false

  constructor(
    /** An append or a page that takes at least as long is worth a line of the log. */
    readonly slowMs = Number.POSITIVE_INFINITY,
    /** Without it nothing is counted or timed here. */
    readonly measures = true,
  ) {}

  begin(): void {
    this.begun++
  }

  done(operation: TimedWork, ms: number): void {
    const { current } = this.kept[operation]
    current.durations.record(ms)
    current.good++
    if (operation === 'append') this.begun--
  }

  /** A failure that is the caller's own counts neither way. */
  failed(operation: TimedWork, ms: number, code: string | undefined): void {
    if (operation === 'append') this.begun--
    if (!isFaultOfService(code)) return
    const { current } = this.kept[operation]
    current.durations.record(ms)
    current.bad++
  }

  followed(isFollowed: boolean): void {
    this.isFollowed = isFollowed
    this.durableAt = 0
  }

  /**
   * A batch is durable, for so many ms by now. One at a time is followed to its delivery, which costs each batch a
   * comparison.
   */
  durable(forMs = 0): void {
    if (this.isFollowed && this.durableAt === 0) this.durableAt = performance.now() - forMs
  }

  /** What is durable has been offered to all who follow at head; `given` says whether anybody took it. */
  delivered(given: boolean): void {
    if (given && this.durableAt !== 0) this.done('delivery', performance.now() - this.durableAt)
    this.durableAt = 0
  }

  get inFlight(): number {
    return this.begun + this.begunElsewhere
  }

  /** Of front threads, as they have told it last. */
  setInFlightElsewhere(begun: number): void {
    this.begunElsewhere = begun
  }

  /** Ends the slice of each operation, for another thread to add. */
  takeSlices(): Record<TimedWork, ToldSlice> {
    const taken = TIMED_WORK.map(operation => {
      const { durations, good, bad } = this.slide(operation)
      return [operation, { durations: durations.toCounts(), good, bad }] as const
    })
    return Object.fromEntries(taken) as Record<TimedWork, ToldSlice>
  }

  /** What a front thread has measured counts for the slice in which it is heard. */
  addSlices(slices: Readonly<Record<TimedWork, ToldSlice>>): void {
    for (const operation of TIMED_WORK) {
      const { durations, good, bad } = slices[operation]
      const { current } = this.kept[operation]
      current.durations.addCounts(durations)
      current.good += good
      current.bad += bad
    }
  }

  slide(operation: TimedWork): Slice {
    return this.kept[operation].slide()
  }

  /** The quantile of the last minute in ms; undefined when nothing happened. */
  quantile(operation: TimedWork, q: number): number | undefined {
    return this.kept[operation].minute.quantile(q)
  }
}
