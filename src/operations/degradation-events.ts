// The events of `$degradation`: each figure in them was measured or follows from the rules of recovery.
import type { JsonObject, NewEvent } from '../contract/event.js'
import type { Pressure } from '../contract/pressure.js'
import type { MeasuredRecovery, ModeChange } from '../degradation/mode-transitions.service.js'
import { ENDED_BY, type Mode, type ModeState, SHARES, shareMs, waitMs } from '../degradation/next-mode.js'
import { DEGRADATION_STREAM, type PlainEvent } from '../service-streams/held-events.js'
import { CAUSES, type Signal } from '../signals/signals.js'
import type { UpkeepNote } from '../storage/upkeep-notes.js'

/** The events that say which mode came; the stream holds others beside them. */
export const CHANGES_OF_MODE: readonly string[] = ['SystemDegradationDetected', 'DegradationRecovery']

export interface DegradationData {
  readonly mode: Mode
  readonly triggerReason?: string
  readonly relapses?: number
  readonly reason?: string
}

/** Undefined for a step of a recovery, which the trial write before it has told already. */
export function changeEvent({ from, to, signals, measured }: ModeChange, pressure: Pressure): PlainEvent | undefined {
  if (to.mode === 'RECOVERING') return undefined
  const isWorse = to.mode === 'EMERGENCY' || (to.mode === 'WARNING' && from.mode === 'NORMAL')
  return eventOf(isWorse ? 'SystemDegradationDetected' : 'DegradationRecovery', {
    ...described(to, signals, { measured, pressure }),
    from: from.mode,
    ...(isWorse ? {} : { lastedSeconds: seconds(to.sinceMs - from.sinceMs), ...recoveryOf(from, measured) }),
  })
}

/** What the store changed in its files by itself. It says nothing of the mode. */
export function upkeepEvent({ what, ...positions }: UpkeepNote): PlainEvent {
  return eventOf(UPKEEP_TYPES[what], { ...positions })
}

const UPKEEP_TYPES = { segment_restored: 'SegmentRestored', archive_removed: 'ArchiveRemoved' } as const

/** What the recovery as a whole took; a warning that passes has none. */
function recoveryOf({ mode }: ModeState, { soFarMs, trialMs }: MeasuredRecovery): JsonObject {
  if (mode !== 'RECOVERING') return {}
  return { emergencySeconds: seconds(soFarMs), ...(trialMs === undefined ? {} : { trialMs: Math.round(trialMs) }) }
}

/** Written to find out whether a write is stored; once it is, the next share of the appends is taken. */
export function trialEvent(state: ModeState, known: Known): PlainEvent {
  const share = state.mode === 'RECOVERING' ? SHARES[state.share + 1] : SHARES[0]
  return eventOf('DegradationRecovery', {
    ...described({ ...state, mode: 'RECOVERING' }, [], known),
    trial: true,
    share: share ?? 1,
  })
}

/** A recovery is told of by its trial writes, so what follows it goes on from the EMERGENCY before. */
export function continuesMode(before: NewEvent, event: NewEvent): boolean {
  if (!CHANGES_OF_MODE.includes(before.type) || !CHANGES_OF_MODE.includes(event.type)) return true
  const [{ mode }, { from }] = [before.data, event.data] as JsonObject[] as [JsonObject, JsonObject]
  return mode === from || (mode === 'EMERGENCY' && from === 'RECOVERING')
}

interface Known {
  readonly measured: MeasuredRecovery
  readonly pressure: Pressure
}

function described(state: ModeState, signals: readonly Signal[], known: Known): JsonObject {
  const { mode, cause, relapses } = state
  const told = signals.find(signal => signal.cause === cause)
  return {
    mode,
    degradationLevel: mode.toLowerCase(),
    ...(cause === undefined ? {} : { triggerReason: cause }),
    ...(told === undefined ? {} : { reason: told.detail }),
    triggerMetrics: Object.assign({}, ...signals.map(({ metrics }) => metrics)) as JsonObject,
    affectedComponents: [...new Set(signals.map(signal => CAUSES[signal.cause]))],
    mitigationActions: mitigationsOf(mode, known.pressure),
    estimatedRecoveryTime: secondsToNormal(state, known.measured),
    relapses,
  }
}

/** What is done now, as the parts that do it say. */
export function mitigationsOf(mode: Mode, { memoryIsShort, rests }: Pressure): string[] {
  return [
    ...ACTIONS[mode],
    ...(rests ? ['background_work_rests'] : []),
    ...(memoryIsShort ? ['batches_and_caches_shrunk', 'live_projections_rest'] : []),
  ]
}

const ACTIONS: Readonly<Record<Mode, readonly string[]>> = {
  NORMAL: [],
  WARNING: [],
  EMERGENCY: ['appends_refused', 'reads_go_on'],
  RECOVERING: ['appends_taken_in_shares', 'writes_tried'],
}

/**
 * As long as the last one of this cause took, and no sooner than the rules of recovery allow; null when it waits for a
 * person or a new start.
 */
function secondsToNormal({ mode, cause, relapses, share }: ModeState, measured: MeasuredRecovery): number | null {
  if (mode === 'NORMAL') return 0
  const endedBy = cause === undefined ? 'itself' : ENDED_BY[cause]
  if (endedBy === 'operator' || endedBy === 'restart' || mode === 'WARNING') return null
  const first = mode === 'EMERGENCY' ? 0 : share
  const left = SHARES.map((_, at) => (at < first ? 0 : shareMs(at, relapses))).reduce((all, ms) => all + ms, 0)
  const soonestMs = (mode === 'EMERGENCY' ? waitMs(relapses) : 0) + left
  return seconds(Math.max(soonestMs, (measured.lastTookMs ?? 0) - measured.soFarMs))
}

function seconds(ms: number): number {
  return Math.round(ms / 1_000)
}

function eventOf(type: string, data: JsonObject): PlainEvent {
  return { type, stream: DEGRADATION_STREAM, data }
}
