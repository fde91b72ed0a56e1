// Holds the mode of the service, which every answer carries and the gate in front of the store obeys.
import { StoreError } from '../contract/errors.js'
import { Pressure } from '../contract/pressure.js'
import { FIRST_MODE, type Mode, type ModeState, PACE, SHARES } from './next-mode.js'

export const modeHeader = 'lighthouse-mode'

export class ModeHolder {
  readonly pressure = new Pressure()
  private held = FIRST_MODE
  private why = ''
  private readonly listeners = new Set<() => void>()
  private readonly listenersToAll = new Set<() => void>()
  /** What has been taken of the share so far; an append is taken whenever it reaches a whole. */
  private owed = 0
  /** True while every append is taken. The gate asks this for each of them. */
  isOpen = true

  get state(): ModeState {
    return this.held
  }

  /** One sentence about the cause. */
  get reason(): string {
    return this.why
  }

  get current(): Mode {
    return this.held.mode
  }

  /** `why` is one sentence about the cause, for those who are refused. */
  enter(state: ModeState, why: string): void {
    const before = this.current
    this.held = state
    this.why = why
    this.isOpen = state.mode === 'NORMAL' || state.mode === 'WARNING'
    this.pressure.tell({ isEmergency: state.mode === 'EMERGENCY' })
    for (const listener of this.listenersToAll) listener()
    if (state.mode !== before) for (const listener of this.listeners) listener()
  }

  /** Called when another mode has come; must not throw. */
  listen(listener: () => void): void {
    this.listeners.add(listener)
  }

  /** Called when another state has come, be it of the same mode; must not throw. Returns how the listener leaves. */
  listenToAll(listener: () => void): () => void {
    this.listenersToAll.add(listener)
    return () => this.listenersToAll.delete(listener)
  }

  /** Decides for one append that the mode does not take as a matter of course. */
  takesNext(): boolean {
    if (this.held.mode !== 'RECOVERING') return false
    this.owed += SHARES[this.held.share] as number
    if (this.owed < 1) return false
    this.owed -= 1
    return true
  }

  refusal(): StoreError {
    const { mode } = this.held
    const detail = `The mode is ${mode}: ${this.why}`
    return new StoreError('MODE_FORBIDS', detail, { retryAfterSeconds: PACE.leastMs / 1_000, mode })
  }
}
