// The power supply of the fake disk: every operation passes here, is counted, and may be struck by a fault.

import {
  describe,
  diskError,
  type Fault,
  FaultPlan,
  type Operation,
  type OperationKind,
  PowerLoss,
  SHORT,
} from './fault-plan.js'
import type { Random } from './random.js'

// Messages need the last operations only, and long runs should not keep millions.
const LONGEST_TRACE = 10_000

/** What an operation does when it succeeds, and what it leaves behind when it does not. */
export interface Effects<T> {
  whole(): T
  short?(random: Random): T
  failing?(code: string, random: Random): void
  /** At a power loss; nothing unless told. `whole-or-nothing` tosses a coin. */
  dying?: 'whole-or-nothing' | ((random: Random) => void)
}

export class FakePower {
  operations = 0
  readonly plan = new FaultPlan()
  readonly trace: Operation[] = []
  private lost: Operation | 'cut' | undefined

  constructor(
    readonly random: Random,
    faults: Fault | readonly Fault[],
    private readonly shuffle: boolean,
  ) {
    this.plan.arm(faults)
  }

  get on(): boolean {
    return this.lost === undefined
  }

  cut(): void {
    this.lost ??= 'cut'
  }

  require(during: string): void {
    if (this.lost === undefined) return
    throw new PowerLoss(this.lost === 'cut' ? undefined : this.lost, during)
  }

  /** An operation takes effect after its call returned, as on a real disk, so that nobody can rely on the opposite. */
  async operate<T>(kind: OperationKind, path: string, effects: Effects<T>): Promise<T> {
    await this.turn()
    return this.operateNow(kind, path, effects)
  }

  operateNow<T>(kind: OperationKind, path: string, effects: Effects<T>): T {
    this.require(`${kind} ${path}`)
    const operation: Operation = { number: ++this.operations, kind, path }
    this.record(operation)
    const strike = this.plan.strike(kind, path)
    if (strike === undefined) return effects.whole()
    if ('die' in strike) this.die(operation, effects)
    if (strike.code === SHORT && effects.short) return effects.short(this.random)
    effects.failing?.(strike.code, this.random)
    throw diskError(strike.code, kind, path)
  }

  /** Awaiting this is what delays an operation. With `shuffle`, operations that are in flight together take effect in any order. */
  async turn(): Promise<void> {
    if (!this.shuffle) return
    for (let turns = this.random.below(6); turns > 0; turns--) await Promise.resolve()
  }

  story(last: number): string {
    return this.trace.slice(-last).map(describe).join('\n')
  }

  private die<T>(operation: Operation, { whole, dying }: Effects<T>): never {
    try {
      if (dying === 'whole-or-nothing') {
        if (this.random.chance(0.5)) whole()
      } else dying?.(this.random)
    } catch {
      // The operation would have been refused; the power went instead.
    }
    this.lost = operation
    throw new PowerLoss(operation, '')
  }

  private record(operation: Operation): void {
    this.trace.push(operation)
    if (this.trace.length > LONGEST_TRACE) this.trace.splice(0, LONGEST_TRACE / 2)
  }
}
