// Moves the mode: at once when a signal changes its level, and each second, when a trial write may be due.
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import { type Signal, Signals } from '../signals/signals.js'
import { ModeHolder } from './mode-holder.js'
import { type ModeState, nextMode, wantsTrial } from './next-mode.js'

const TICK_MS = 1_000

export interface ModeChange {
  readonly from: ModeState
  readonly to: ModeState
  /** The signals that stand. */
  readonly signals: readonly Signal[]
}

/** Rejects when the write cannot be stored. */
export type TrialWrite = () => Promise<void>

@Injectable()
export class ModeTransitions implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners = new Set<(change: ModeChange) => void>()
  private write: TrialWrite | undefined
  private isTrying = false
  private timer: NodeJS.Timeout | undefined

  constructor(
    private readonly signals: Signals,
    private readonly mode: ModeHolder,
  ) {
    signals.listen(({ cause, level }) => {
      if (cause === 'memory') mode.pressure.tell({ memoryIsShort: level !== 'ok' })
      this.step()
    })
    this.step()
  }

  get state(): ModeState {
    return this.mode.state
  }

  onModuleInit(): void {
    this.timer = setInterval(() => void this.tick(), TICK_MS).unref()
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer)
  }

  /** Until there is a trial write, EMERGENCY is not left. */
  tryBy(write: TrialWrite): void {
    this.write = write
  }

  listen(listener: (change: ModeChange) => void): void {
    this.listeners.add(listener)
  }

  /** Goes on in the mode in which an earlier process ended. */
  restore(state: ModeState, why: string): void {
    this.mode.enter(state, why)
    this.step()
  }

  /** Never rejects. */
  async tick(now = nowMs()): Promise<void> {
    this.step(now)
    const { write, mode } = this
    if (write === undefined || this.isTrying || !wantsTrial(mode.state, this.factsAt(now))) return
    this.isTrying = true
    const trial = await write().then(
      () => 'stored' as const,
      () => 'failed' as const,
    )
    this.isTrying = false
    this.step(now, trial)
  }

  private factsAt(now: number) {
    return { nowMs: now, signals: this.signals.active }
  }

  private step(now = nowMs(), trial?: 'stored' | 'failed'): void {
    const { mode } = this
    const facts = this.factsAt(now)
    const from = mode.state
    const to = nextMode(from, trial === undefined ? facts : { ...facts, trial })
    if (to === from) return
    mode.enter(to, reasonOf(to, facts.signals))
    if (to.mode === from.mode && to.cause === from.cause && to.share === from.share) return
    for (const listener of this.listeners) listener({ from, to, signals: facts.signals })
  }
}

function reasonOf({ cause, mode }: ModeState, signals: readonly Signal[]): string {
  if (mode === 'RECOVERING') return 'appends are taken again little by little'
  return signals.find(signal => signal.cause === cause)?.detail ?? 'the cause is over, and writes are about to be tried'
}

/** The time of day as it was at the start of the process, moved on by a clock that no step of the wall clock moves. */
function nowMs(): number {
  return performance.timeOrigin + performance.now()
}
