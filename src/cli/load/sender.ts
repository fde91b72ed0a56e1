// Sends operations at the times of a schedule, whatever became of those before, and writes down what came of each.
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises'
import { type AgentOperations, OUTCOMES } from './operations.js'
import { LOAD_OPERATIONS, type LoadOperation } from './profile.js'
import type { Planned } from './schedule.js'

/** Milliseconds since the beginning of the run, which all generators have at the same moment. */
export class RunClock {
  /** `at` is in milliseconds since 1970. */
  constructor(private readonly at: number) {}

  get elapsed(): number {
    return performance.timeOrigin + performance.now() - this.at
  }

  since1970(elapsed: number): number {
    return this.at + elapsed
  }

  /** Never sooner, and mostly less than half a millisecond later: a timer alone would be one late. */
  async until(elapsed: number): Promise<void> {
    for (let left = elapsed - this.elapsed; left > 0; left = elapsed - this.elapsed) {
      if (left >= 1) await wait(Math.floor(left))
      else await nextTurn()
    }
  }
}

export class Tally {
  private rows: number[] = []

  add(
    operation: LoadOperation,
    row: readonly [at: number, micros: number, outcome: number, lateMs: number, events: number],
  ) {
    this.rows.push(LOAD_OPERATIONS.indexOf(operation), ...row)
  }

  /** All since the last time; empty where there are none. */
  take(): Float64Array<ArrayBuffer> {
    const rows = Float64Array.from(this.rows)
    this.rows = []
    return rows
  }
}

export class Sender {
  planned = 0
  begun = 0
  held = 0
  private underWay = 0
  private readonly waiting: (() => void)[] = []
  private readonly working = new Set<Promise<void>>()

  constructor(
    private readonly operations: AgentOperations,
    private readonly clock: RunClock,
    private readonly tally: Tally,
    /** More are not under way at once; those beyond wait, and their time runs. */
    private readonly most: number,
  ) {}

  /** Resolves when the last has been begun, or held. */
  async send(schedule: Iterable<Planned>, signal: AbortSignal): Promise<void> {
    for (const planned of schedule) {
      await this.clock.until(planned.at)
      if (signal.aborted) return
      this.planned++
      const work = this.one(planned, this.clock.elapsed - planned.at, signal)
      this.working.add(work)
      void work.then(() => this.working.delete(work))
    }
  }

  /** What is under way and held ends. */
  async settled(): Promise<void> {
    await Promise.all(this.working)
  }

  /** The time until an answer begins when it was to be sent: what a slow answer holds up is counted as slow itself. */
  private async one({ at, operation }: Planned, lateMs: number, signal: AbortSignal): Promise<void> {
    if (this.underWay >= this.most) {
      this.held++
      await new Promise<void>(resolve => this.waiting.push(resolve))
    } else this.underWay++
    if (!signal.aborted) this.begun++
    const { outcome, events } = await this.operations.perform(operation, this.clock.since1970(at), signal)
    const micros = (this.clock.elapsed - at) * 1_000
    this.tally.add(operation, [at, micros, OUTCOMES.indexOf(outcome), lateMs, events])
    const next = this.waiting.shift()
    if (next === undefined) this.underWay--
    else next()
  }
}
