// Which mode follows: a pure function of the mode, the signals that stand, the time, and the outcome of a trial write.
import type { Cause, Signal } from '../signals/signals.js'

/**
 * NORMAL and WARNING take every append. EMERGENCY takes none but the service's own and those for the emergency.
 * RECOVERING takes a growing share of them.
 */
export type Mode = 'NORMAL' | 'WARNING' | 'EMERGENCY' | 'RECOVERING'

/**
 * What ends a cause: that it passes, a write that succeeds, an operator's word, or a new start of the process. The
 * mode takes no notice of those with `no mode`: they are for people alone.
 */
export type EndedBy = 'itself' | 'write' | 'operator' | 'restart' | 'no mode'

export const ENDED_BY: Readonly<Record<Cause, EndedBy>> = {
  write_latency: 'itself',
  write_errors: 'itself',
  integrity: 'operator',
  lost_ownership: 'restart',
  service_level: 'no mode',
  disk_full: 'write',
  storage_space: 'itself',
  storage_failed: 'restart',
  storage_hung: 'itself',
  storage_growth: 'no mode',
  storage_permission: 'no mode',
  memory: 'itself',
  memory_leak: 'no mode',
  descriptors: 'no mode',
  event_loop: 'no mode',
  dependency: 'itself',
  security: 'no mode',
  alerting: 'no mode',
  manual: 'operator',
}

/** The shares of appends that RECOVERING takes, one after the other. */
export const SHARES: readonly number[] = [0.1, 0.5, 1]

export const PACE = {
  /** How long each share is taken before the next trial write. */
  shareMs: 10_000,
  /** How long EMERGENCY lasts at least, and so many times as long with each relapse. */
  leastMs: 5_000,
  growth: 4,
  mostMs: 1_800_000,
  /** The longest distance of two trial writes in one EMERGENCY; the first is `leastMs`, and each is twice the last. */
  mostTrialMs: 300_000,
  /** An EMERGENCY this long after the last one is no relapse. */
  calmMs: 3_600_000,
} as const

export interface ModeState {
  readonly mode: Mode
  readonly sinceMs: number
  /** The cause that weighs most; undefined in NORMAL. */
  readonly cause: Cause | undefined
  /** The place in `SHARES` while RECOVERING. */
  readonly share: number
  /** When the next trial write may be made, in EMERGENCY and RECOVERING. */
  readonly trialMs: number
  /** How often EMERGENCY came back before the calm after it was over. */
  readonly relapses: number
  /** How many trial writes in a row have failed in this EMERGENCY. */
  readonly failures: number
  /** When EMERGENCY or RECOVERING was left last; undefined when there has been none. */
  readonly recoveredMs: number | undefined
}

export interface Facts {
  readonly nowMs: number
  readonly signals: readonly Signal[]
  /** The outcome of the trial write that `wantsTrial` asked for. */
  readonly trial?: 'stored' | 'failed'
}

export const FIRST_MODE: ModeState = Object.freeze({
  mode: 'NORMAL',
  sinceMs: 0,
  cause: undefined,
  share: 0,
  trialMs: 0,
  relapses: 0,
  failures: 0,
  recoveredMs: undefined,
})

export function nextMode(state: ModeState, facts: Facts): ModeState {
  const critical = heaviest(facts.signals, ({ level }) => level === 'critical')
  switch (state.mode) {
    case 'NORMAL':
    case 'WARNING':
      return critical === undefined ? calm(state, facts) : emergency(state, facts, critical.cause)
    case 'EMERGENCY':
      return duringEmergency(state, facts)
    case 'RECOVERING':
      if (critical !== undefined) return emergency(state, facts, critical.cause)
      return duringRecovery(state, facts)
  }
}

/** True when a write should be tried, whose outcome decides what follows. */
export function wantsTrial(state: ModeState, { nowMs, signals }: Facts): boolean {
  if (state.mode !== 'EMERGENCY' && state.mode !== 'RECOVERING') return false
  return nowMs >= state.trialMs && !signals.some(isBlocking)
}

/** While such a signal stands no write is worth trying. A disk that was full is found to have room by writing alone. */
function isBlocking({ level, cause }: Signal): boolean {
  return level === 'critical' && ENDED_BY[cause] !== 'write' && ENDED_BY[cause] !== 'no mode'
}

function calm(state: ModeState, { nowMs, signals }: Facts): ModeState {
  const warning = heaviest(signals, () => true)
  const mode = warning === undefined ? 'NORMAL' : 'WARNING'
  if (mode === state.mode && warning?.cause === state.cause) return state
  return { ...state, mode, cause: warning?.cause, sinceMs: mode === state.mode ? state.sinceMs : nowMs }
}

function emergency(state: ModeState, { nowMs }: Facts, cause: Cause): ModeState {
  const isRelapse =
    state.mode === 'RECOVERING' || (state.recoveredMs !== undefined && nowMs - state.recoveredMs < PACE.calmMs)
  const relapses = isRelapse ? state.relapses + 1 : 0
  const trialMs = nowMs + waitMs(relapses)
  return { ...state, mode: 'EMERGENCY', sinceMs: nowMs, cause, relapses, failures: 0, trialMs }
}

function duringEmergency(state: ModeState, facts: Facts): ModeState {
  const { nowMs, signals, trial } = facts
  const blocking = heaviest(signals, isBlocking)
  if (blocking !== undefined) return blocked(state, nowMs, blocking.cause)
  if (trial === 'failed') {
    const trialMs = nowMs + Math.min(PACE.leastMs * 2 ** (state.failures + 1), PACE.mostTrialMs)
    return { ...state, failures: state.failures + 1, trialMs }
  }
  if (trial === undefined) return state
  return { ...state, mode: 'RECOVERING', sinceMs: nowMs, share: 0, trialMs: nowMs + shareMs(0, state.relapses) }
}

/** For an operator who has looked and says that it is over: what came before makes nobody wait any longer. */
export function withoutWait(state: ModeState, nowMs: number): ModeState {
  if (state.mode !== 'EMERGENCY') return state
  return { ...state, relapses: 0, failures: 0, trialMs: Math.min(state.trialMs, nowMs) }
}

/** What has come back by itself before has to be gone for the whole wait, however long it stands. */
function blocked(state: ModeState, nowMs: number, cause: Cause): ModeState {
  if (state.relapses > 0 && ENDED_BY[cause] === 'itself')
    return { ...state, cause, trialMs: nowMs + waitMs(state.relapses) }
  return cause === state.cause ? state : { ...state, cause }
}

function duringRecovery(state: ModeState, facts: Facts): ModeState {
  const { nowMs, trial } = facts
  if (trial === undefined) return state
  if (trial === 'failed') return emergency(state, facts, state.cause ?? 'write_errors')
  const share = state.share + 1
  if (share < SHARES.length) return { ...state, share, trialMs: nowMs + shareMs(share, state.relapses) }
  return calm({ ...state, mode: 'NORMAL', cause: undefined, sinceMs: nowMs, recoveredMs: nowMs, share: 0 }, facts)
}

/** Most first: what only a new start ends, then what an operator has to end. */
const WEIGHTS: readonly EndedBy[] = ['restart', 'operator', 'write', 'itself']

function heaviest(signals: readonly Signal[], counts: (signal: Signal) => boolean): Signal | undefined {
  for (const endedBy of WEIGHTS) {
    const found = signals.find(signal => ENDED_BY[signal.cause] === endedBy && counts(signal))
    if (found !== undefined) return found
  }
  return undefined
}

/** How long EMERGENCY lasts at least after so many relapses. */
export function waitMs(relapses: number): number {
  return Math.min(PACE.leastMs * PACE.growth ** relapses, PACE.mostMs)
}

/** The last share holds as long as EMERGENCY had to, so that what comes back soon is told as a relapse. */
export function shareMs(share: number, relapses: number): number {
  return share < SHARES.length - 1 ? PACE.shareMs : Math.max(PACE.shareMs, waitMs(relapses))
}
