// Remembers when a component became well or ill, and how it is now. Pure.
import type { State } from './component-findings.js'

/** The oldest give way. */
const MOST_CHANGES = 100

export interface HealthChange {
  readonly component: string
  readonly from: State | 'unknown'
  readonly to: State
  readonly at: string
}

export class HealthHistory {
  private readonly now = new Map<string, State>()
  private readonly past: HealthChange[] = []

  /** How each component was when it was last looked at. */
  get states(): ReadonlyMap<string, State> {
    return this.now
  }

  /** The newest first. */
  get changes(): readonly HealthChange[] {
    return this.past.toReversed()
  }

  note(component: string, to: State, at: Date): void {
    const from = this.now.get(component) ?? 'unknown'
    if (from === to) return
    this.now.set(component, to)
    this.past.push({ component, from, to, at: at.toISOString() })
    if (this.past.length > MOST_CHANGES) this.past.shift()
  }
}
