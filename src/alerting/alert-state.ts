// The alerts and silences that stand, as the events of `$alerts` make them: each change can be applied twice. Pure.
import type { StreamFold } from '../service-streams/service-stream.js'
import type { Cause, Signal, SignalLevel } from '../signals/signals.js'
import type { AlertSeverity, ChannelName } from './route.js'

export type NoticeKind = 'opened' | 'raised' | 'resolved'

/** What a channel was told last of an alert. */
export interface LastTold {
  readonly notice: NoticeKind
  readonly severity: AlertSeverity
  /** What the channel calls its message, to answer to it. */
  readonly ref?: string
}

export interface Alert {
  readonly cause: Cause
  readonly level: Exclude<SignalLevel, 'ok'>
  readonly severity: AlertSeverity
  readonly detail: string
  readonly metrics: Signal['metrics']
  readonly openedMs: number
  /** Since when it has this severity. */
  readonly sinceMs: number
  /** The open alert that it follows from. */
  readonly under?: Cause | undefined
  /** When its cause was over; set when it is resolved. */
  readonly endedMs?: number | undefined
  readonly told: Partial<Readonly<Record<ChannelName, LastTold>>>
}

export interface Silence {
  readonly id: string
  /** Empty: any. */
  readonly causes: readonly Cause[]
  readonly severities: readonly AlertSeverity[]
  readonly fromMs: number
  readonly untilMs: number
  readonly reason: string
  readonly by: string
}

/** What the next digest says of a cause. */
export interface Noted {
  readonly cause: Cause
  readonly times: number
  readonly firstMs: number
  readonly under?: Cause | undefined
}

/** A digest that is being delivered. */
export interface AlertDigest {
  readonly atMs: number
  readonly entries: readonly Noted[]
  readonly told: readonly ChannelName[]
}

export interface AlertState {
  readonly alerts: Map<Cause, Alert>
  readonly silences: Map<string, Silence>
  readonly noted: Map<Cause, Noted>
  digest: AlertDigest | undefined
}

type Seen = Pick<Alert, 'cause' | 'level' | 'severity' | 'detail' | 'metrics'>

export type AlertChange =
  | (Seen & { readonly type: 'alert.opened'; readonly atMs: number; readonly under?: Cause })
  | (Seen & { readonly type: 'alert.raised'; readonly atMs: number; readonly why: 'level' | 'time' })
  | { readonly type: 'alert.grouped'; readonly cause: Cause; readonly atMs: number; readonly under?: Cause }
  | { readonly type: 'alert.resolved'; readonly cause: Cause; readonly atMs: number; readonly endedMs: number }
  | ({ readonly type: 'alert.delivered'; readonly cause: Cause; readonly channel: ChannelName } & LastTold)
  | { readonly type: 'alert.closed'; readonly cause: Cause }
  | { readonly type: 'digest.due'; readonly atMs: number }
  | { readonly type: 'digest.delivered'; readonly channel: ChannelName; readonly atMs: number }
  | { readonly type: 'digest.closed'; readonly atMs: number }
  | ({ readonly type: 'silence.added' } & Silence)
  | { readonly type: 'silence.removed'; readonly id: string; readonly by: string }
  | {
      readonly type: 'alerts.kept'
      readonly alerts: readonly Alert[]
      readonly silences: readonly Silence[]
      readonly noted: readonly Noted[]
      readonly digest?: AlertDigest
    }

export function noAlerts(): AlertState {
  return { alerts: new Map(), silences: new Map(), noted: new Map(), digest: undefined }
}

export const ALERT_FOLD: StreamFold<AlertState, AlertChange> = {
  stream: '$alerts',
  types: [
    ...['alert.opened', 'alert.raised', 'alert.grouped', 'alert.resolved', 'alert.delivered', 'alert.closed'],
    ...['digest.due', 'digest.delivered', 'digest.closed', 'silence.added', 'silence.removed', 'alerts.kept'],
  ],
  empty: noAlerts,
  apply: applyChange,
  whole: ({ alerts, silences, noted, digest }) => [
    {
      type: 'alerts.kept',
      alerts: [...alerts.values()],
      silences: [...silences.values()],
      noted: [...noted.values()],
      ...(digest === undefined ? {} : { digest }),
    },
  ],
}

export function applyChange(state: AlertState, change: AlertChange): void {
  switch (change.type) {
    case 'silence.added': {
      const { type: _, ...silence } = change
      state.silences.set(change.id, silence)
      return
    }
    case 'silence.removed':
      state.silences.delete(change.id)
      return
    case 'alerts.kept':
      applyKept(state, change)
      return
    case 'digest.due':
    case 'digest.delivered':
    case 'digest.closed':
      applyDigest(state, change)
      return
    default:
      applyAlert(state, change)
  }
}

type OfAlert = Extract<AlertChange, { type: `alert.${string}` }>

function applyAlert(state: AlertState, change: OfAlert): void {
  const { cause } = change
  const before = state.alerts.get(cause)
  if (change.type === 'alert.opened') {
    const { level, severity, detail, metrics, atMs, under } = change
    // A channel that has not heard of the end of the last one is not told of a new one.
    const told = Object.fromEntries(
      Object.entries(before?.told ?? {}).filter(([, { notice }]) => notice !== 'resolved'),
    )
    const opened = { cause, level, severity, detail, metrics, openedMs: atMs, sinceMs: atMs, under, told }
    state.alerts.set(cause, opened)
    if (severity === 'P4' || under !== undefined) note(state, opened, atMs)
    return
  }
  if (before === undefined) return
  switch (change.type) {
    case 'alert.raised': {
      const { level, severity, detail, metrics, atMs } = change
      state.alerts.set(cause, { ...before, level, severity, detail, metrics, sinceMs: atMs })
      return
    }
    case 'alert.grouped': {
      const grouped = { ...before, under: change.under }
      state.alerts.set(cause, grouped)
      if (change.under !== undefined) note(state, grouped, change.atMs)
      return
    }
    case 'alert.resolved':
      state.alerts.set(cause, { ...before, endedMs: change.endedMs })
      return
    case 'alert.delivered': {
      const { notice, severity, ref } = change
      const told = { notice, severity, ...(ref === undefined ? {} : { ref }) }
      state.alerts.set(cause, { ...before, told: { ...before.told, [change.channel]: told } })
      return
    }
    case 'alert.closed':
      state.alerts.delete(cause)
  }
}

function note({ noted }: AlertState, { cause, under }: Alert, atMs: number): void {
  const before = noted.get(cause)
  noted.set(cause, { cause, times: (before?.times ?? 0) + 1, firstMs: before?.firstMs ?? atMs, under })
}

function applyDigest(state: AlertState, change: Extract<AlertChange, { type: `digest.${string}` }>): void {
  const { digest, noted } = state
  if (change.type === 'digest.closed') state.digest = undefined
  else if (change.type === 'digest.due') {
    state.digest = { atMs: change.atMs, entries: [...(digest?.entries ?? []), ...noted.values()], told: [] }
    noted.clear()
  } else if (digest !== undefined) state.digest = { ...digest, told: [...digest.told, change.channel] }
}

function applyKept(state: AlertState, kept: Extract<AlertChange, { type: 'alerts.kept' }>): void {
  state.alerts.clear()
  state.silences.clear()
  state.noted.clear()
  for (const alert of kept.alerts) state.alerts.set(alert.cause, alert)
  for (const silence of kept.silences) state.silences.set(silence.id, silence)
  for (const noted of kept.noted) state.noted.set(noted.cause, noted)
  state.digest = kept.digest
}
