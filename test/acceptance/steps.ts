// What an acceptance run has done: each step with its seconds, its time limit if it has one, and what was counted.
import { RECOVERY_LIMITS, type Recovery } from './recovery-limits.js'

export interface Step {
  readonly test: AcceptanceTest
  readonly what: string
  readonly seconds: number
  readonly limit?: number
  readonly detail?: Readonly<Record<string, number>>
}

export type AcceptanceTest =
  | 'test_event_sourcing_foundation'
  | 'test_multi_agent_coordination'
  | 'test_failure_recovery'

export type Tell = (step: Step) => void

export interface Scale {
  readonly events: number
  readonly segmentBytes: number
  /** Whether that is tried, too, which takes minutes however small the store is. */
  readonly isWhole: boolean
  /** Holds the store, and whatever is made beside it. */
  readonly directory: string
}

/** A store of so many events lies here, in good order and closed. */
export const storeOf = ({ directory, events }: Scale): string => `${directory}/events-${events}`

export const secondsSince = (started: number): number => (performance.now() - started) / 1000

/** The steps of one test, told one after the other. */
export class Steps {
  constructor(
    private readonly test: AcceptanceTest,
    private readonly tell: Tell,
  ) {}

  /** Tells how long the work took, and what it counted. */
  async timed<T>(what: string, work: () => Promise<T>, detail?: (of: T) => Step['detail']): Promise<T> {
    const started = performance.now()
    const done = await work()
    const counted = detail?.(done)
    const step = { test: this.test, what, seconds: secondsSince(started) }
    this.tell(counted === undefined ? step : { ...step, detail: counted })
    return done
  }

  /** A recovery, which took so long and has a limit. */
  recovered(what: Recovery, seconds: number): void {
    this.tell({ test: this.test, what, seconds, limit: RECOVERY_LIMITS[what] })
  }
}
