// Moves the mode: at once when a signal changes its level, and each second, when a trial write may be due.
import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common'
import type { Pressure } from '../contract/pressure.js'
import { type Cause, type Signal, Signals } from '../signals/signals.js'
import { ModeHolder } from './mode-holder.js'
import { type ModeState, nextMode, wantsTrial, withoutWait } from './next-mode.js'

const TICK_MS = 1_000

export interface ModeChange {
  readonly from: ModeState
  readonly to: ModeState
  /** The signals that stand. */
  readonly signals: readonly Signal[]
  readonly measured: MeasuredRecovery
}

export interface MeasuredRecovery {
  /** How long an EMERGENCY of the same cause lasted the last time, its recovery included; undefined the first time. */
  readonly lastTookMs: number | undefined
  /** How long this one has lasted. */
  readonly soFarMs: number
  /** How long the newest trial write took to be stored; undefined before one was. */
  readonly trialMs: number | undefined
}

/** Rejects when the write cannot be stored. */
export type TrialWrite = () => Promise<void>

@Injectable()
export class ModeTransitions implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners = new Set<(change: ModeChange) => void>()
  private write: TrialWrite | undefined
  private isTrying = false
  private readonly took = new Map<Cause | undefined, number>()
  /** When the EMERGENCY began that is not over yet, and of what cause. */
  private begun: { readonly sinceMs: number; readonly cause: Cause | undefined } | undefined
  private trialMs: number | undefined
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

  get pressure(): Pressure {
    return this.mode.pressure
  }

  measuredAt(now = nowMs()): MeasuredRecovery {
    const { begun, took, trialMs } = this
    return { lastTookMs: took.get(begun?.cause), soFarMs: begun === undefined ? 0 : now - begun.sinceMs, trialMs }
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
    if (state.mode === 'EMERGENCY') this.begun = { sinceMs: state.sinceMs, cause: state.cause }
    this.step()
  }

  /** An operator says that it is over: unless a critical cause stands, the next tick tries a write. */
  endWait(): void {
    const { mode } = this
    mode.enter(withoutWait(mode.state, nowMs()), reasonOf(mode.state, this.signals.active))
  }

  /** Never rejects. */
  async tick(now = nowMs()): Promise<void> {
    this.step(now)
    const { write, mode } = this
    if (write === undefined || this.isTrying || !wantsTrial(mode.state, this.factsAt(now))) return
    this.isTrying = true
    const begun = performance.now()
    const trial = await write().then(
      () => 'stored' as const,
      () => 'failed' as const,
    )
    this.isTrying = false
    if (trial === 'stored') this.trialMs = performance.now() - begun
    this.step(now, trial)
  }

  private endEmergency(now: number): void {
    const { begun } = this
    if (begun === undefined) return
    this.took.set(begun.cause, now - begun.sinceMs)
    this.begun = undefined
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
    if (to.mode === 'EMERGENCY') this.begun ??= { sinceMs: now, cause: to.cause }
    const measured = this.measuredAt(now)
    if (to.mode === 'NORMAL' || to.mode === 'WARNING') this.endEmergency(now)
    for (const listener of this.listeners) listener({ from, to, signals: facts.signals, measured })
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
