// Decides which alerts open, rise, group and resolve, and which notices are due: by the signals and the time alone.
import type { AlertingSettings } from '../config/alerting-settings.js'
import { SERVICE_AGENT } from '../contract/check/check-append.js'
import type { Cause, Signal } from '../signals/signals.js'
import { type Alert, type AlertChange, type AlertState, applyChange, type NoticeKind } from './alert-state.js'
import {
  type AlertSeverity,
  CHANNELS_OF,
  type ChannelName,
  DIGEST_CHANNELS,
  delayMs,
  FOLLOWERS,
  isWorse,
  LAGS_MS,
  raiseMs,
  SEVERITIES,
  severityOf,
} from './route.js'

const DAY_MS = 86_400_000

/** A notice that no channel takes for so long after the end is of no use to anybody. */
const GIVEN_UP_MS = DAY_MS

export type Due =
  | { readonly kind: NoticeKind; readonly alert: Alert; readonly followers: readonly Cause[] }
  | { readonly kind: 'digest'; readonly digest: NonNullable<AlertState['digest']> }

export class AlertBook {
  /** Since when a cause whose alert is open is over. It is not on the record, because a cause that flaps would fill it. */
  private readonly calmSince = new Map<Cause, number>()
  /** Since when the root is gone that a cause followed from. */
  private readonly rootlessSince = new Map<Cause, number>()

  constructor(
    readonly state: AlertState,
    private readonly settings: AlertingSettings,
    /** The channels that are set up. */
    private readonly channels: readonly ChannelName[],
  ) {}

  /** Applies what follows from the signals that stand, and returns it for the record. */
  step(nowMs: number, active: readonly Signal[]): AlertChange[] {
    const changes: AlertChange[] = []
    const put = (change: AlertChange) => {
      applyChange(this.state, change)
      changes.push(change)
    }
    for (const signal of active) this.see(signal, nowMs, put)
    for (const alert of this.open()) if (!active.some(({ cause }) => cause === alert.cause)) this.end(alert, nowMs, put)
    for (const alert of this.open()) {
      const root = this.rootOf(alert.cause, alert.severity)
      if (root !== undefined) this.rootlessSince.delete(alert.cause)
      const under = root ?? this.lateRootOf(alert, nowMs)
      if (under === alert.under) continue
      put({ type: 'alert.grouped', cause: alert.cause, atMs: nowMs, ...(under === undefined ? {} : { under }) })
    }
    for (const alert of this.open()) this.raise(alert, nowMs, put)
    for (const alert of this.state.alerts.values())
      if (this.isDone(alert, nowMs)) put({ type: 'alert.closed', cause: alert.cause })
    for (const { id, untilMs } of this.state.silences.values())
      if (untilMs <= nowMs) put({ type: 'silence.removed', id, by: SERVICE_AGENT })
    this.digest(nowMs, put)
    return changes
  }

  apply(change: AlertChange): void {
    applyChange(this.state, change)
  }

  open(): Alert[] {
    return [...this.state.alerts.values()].filter(({ endedMs }) => endedMs === undefined)
  }

  openBySeverity(): Record<AlertSeverity, number> {
    const found = { P1: 0, P2: 0, P3: 0, P4: 0 }
    for (const { severity } of this.open()) found[severity]++
    return found
  }

  isSilenced({ cause, severity }: Alert, nowMs: number): boolean {
    for (const { causes, severities, fromMs, untilMs } of this.state.silences.values()) {
      if (nowMs < fromMs || nowMs >= untilMs) continue
      const matches =
        (causes.length === 0 || causes.includes(cause)) && (severities.length === 0 || severities.includes(severity))
      if (matches) return true
    }
    return false
  }

  /** What the channel is to be told now, the most severe first. */
  due(channel: ChannelName, nowMs: number): Due[] {
    const found: Due[] = []
    for (const alert of this.state.alerts.values()) {
      const kind = this.noticeOf(alert, channel, nowMs)
      if (kind !== undefined) found.push({ kind, alert, followers: this.followersOf(alert.cause) })
    }
    const rank = (due: Due) => ('alert' in due ? SEVERITIES.indexOf(due.alert.severity) : SEVERITIES.length)
    found.sort((one, other) => rank(one) - rank(other))
    const { digest } = this.state
    const isDigestDue = digest !== undefined && DIGEST_CHANNELS.includes(channel) && !digest.told.includes(channel)
    return isDigestDue ? [...found, { kind: 'digest', digest }] : found
  }

  private see({ cause, level, detail, metrics }: Signal, nowMs: number, put: (change: AlertChange) => void): void {
    if (level === 'ok') return
    this.calmSince.delete(cause)
    const severity = severityOf(cause, level)
    const alert = this.state.alerts.get(cause)
    if (alert === undefined || alert.endedMs !== undefined) {
      const under = this.rootOf(cause, severity)
      const opened = { type: 'alert.opened', cause, level, severity, detail, metrics, atMs: nowMs } as const
      put(under === undefined ? opened : { ...opened, under })
    } else if (isWorse(severity, alert.severity)) {
      put({ type: 'alert.raised', cause, level, severity, detail, metrics, atMs: nowMs, why: 'level' })
    }
  }

  private end({ cause }: Alert, nowMs: number, put: (change: AlertChange) => void): void {
    const endedMs = this.calmSince.get(cause) ?? nowMs
    this.calmSince.set(cause, endedMs)
    if (nowMs - endedMs < this.settings.calmSeconds * 1_000) return
    this.calmSince.delete(cause)
    this.rootlessSince.delete(cause)
    put({ type: 'alert.resolved', cause, atMs: nowMs, endedMs })
  }

  private raise(alert: Alert, nowMs: number, put: (change: AlertChange) => void): void {
    const { cause, level, severity, detail, metrics, sinceMs, under } = alert
    if (under !== undefined || this.calmSince.has(cause) || this.isSilenced(alert, nowMs)) return
    if (nowMs - sinceMs < raiseMs(severity, this.settings)) return
    const raised = SEVERITIES[SEVERITIES.indexOf(severity) - 1]
    if (raised === undefined) return
    put({ type: 'alert.raised', cause, level, severity: raised, detail, metrics, atMs: nowMs, why: 'time' })
  }

  /** A cause hides nothing that is worse than itself, and what follows from a follower has the same root. */
  private rootOf(cause: Cause, severity: AlertSeverity): Cause | undefined {
    for (const [root, followers] of Object.entries(FOLLOWERS) as [Cause, readonly Cause[]][]) {
      if (!followers.includes(cause)) continue
      const alert = this.state.alerts.get(root)
      if (alert !== undefined && alert.endedMs === undefined && !isWorse(severity, alert.severity)) return root
    }
    return undefined
  }

  /** The root that is gone, for as long as what is measured over the past may still show it. */
  private lateRootOf({ cause, under, sinceMs }: Alert, nowMs: number): Cause | undefined {
    if (under === undefined) return undefined
    const since = this.rootlessSince.get(cause) ?? nowMs
    this.rootlessSince.set(cause, since)
    if (sinceMs <= since && nowMs - since < (LAGS_MS[cause] ?? 0)) return under
    this.rootlessSince.delete(cause)
    return undefined
  }

  private followersOf(root: Cause): Cause[] {
    return [...this.state.alerts.values()].filter(({ under }) => under === root).map(({ cause }) => cause)
  }

  private noticeOf(alert: Alert, channel: ChannelName, nowMs: number): NoticeKind | undefined {
    const { severity, openedMs, endedMs, under, told } = alert
    const last = told[channel]
    if (endedMs !== undefined && last !== undefined) return last.notice === 'resolved' ? undefined : 'resolved'
    if (!CHANNELS_OF[severity].includes(channel) || under !== undefined || this.isSilenced(alert, nowMs))
      return undefined
    const tellAtMs = openedMs + delayMs(severity, this.settings)
    // What was over before it was to be told is not told; a page is, because it was to be told at once.
    if ((endedMs ?? this.calmSince.get(alert.cause) ?? nowMs) < tellAtMs) return undefined
    if (last === undefined) return 'opened'
    return isWorse(severity, last.severity) ? 'raised' : undefined
  }

  private isDone(alert: Alert, nowMs: number): boolean {
    if (alert.endedMs === undefined) return false
    if (nowMs - alert.endedMs > GIVEN_UP_MS) return true
    return this.channels.every(channel => this.noticeOf(alert, channel, nowMs) === undefined)
  }

  private digest(nowMs: number, put: (change: AlertChange) => void): void {
    const hourMs = this.settings.digestHour * 3_600_000
    const lastMs = Math.floor((nowMs - hourMs) / DAY_MS) * DAY_MS + hourMs
    const { noted } = this.state
    if ([...noted.values()].some(({ firstMs }) => firstMs < lastMs)) put({ type: 'digest.due', atMs: nowMs })
    const { digest } = this.state
    if (digest === undefined) return
    const isTold = this.channels.every(channel => !DIGEST_CHANNELS.includes(channel) || digest.told.includes(channel))
    if (isTold) put({ type: 'digest.closed', atMs: nowMs })
  }
}
