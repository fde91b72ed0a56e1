// What a channel is told: an alert with what is known of it now, a digest, or a test. Pure.
import type { Cause, Signal } from '../signals/signals.js'
import { CAUSES } from '../signals/signals.js'
import type { Alert, AlertDigest, LastTold, NoticeKind } from './alert-state.js'
import { type AlertSeverity, ROUTES, runbookAddress } from './route.js'

/** Where an alert comes from and what it links to. */
export interface NoticeOrigin {
  readonly nodeId: string
  readonly runbookUrl: string
  readonly dashboardUrl: string
}

export interface AlertNotice {
  readonly kind: NoticeKind | 'test'
  /** The same for all notices of one cause on one node, over restarts too. */
  readonly key: string
  /** The same for each repetition of one notice. */
  readonly id: string
  readonly node: string
  readonly cause: Cause
  readonly component: string
  readonly severity: AlertSeverity
  readonly title: string
  readonly detail: string
  readonly metrics: Signal['metrics']
  readonly since: string
  /** Only in the notice of the end. */
  readonly until?: string
  /** Causes that follow from this one and are not told by themselves. */
  readonly followers: readonly Cause[]
  readonly runbook: string
  readonly dashboard?: string
  /** What the channel called its first message. */
  readonly ref?: string
}

export interface DigestNotice {
  readonly kind: 'digest'
  readonly id: string
  readonly node: string
  readonly at: string
  readonly lines: readonly string[]
}

export type Notice = AlertNotice | DigestNotice

const MOST_LINES = 40

export function alertNotice(
  kind: NoticeKind | 'test',
  alert: Alert,
  more: {
    readonly followers: readonly Cause[]
    readonly told?: LastTold | undefined
    readonly newest?: Signal | undefined
  },
  { nodeId, runbookUrl, dashboardUrl }: NoticeOrigin,
): AlertNotice {
  const { cause, severity, openedMs, endedMs } = alert
  const key = kind === 'test' ? `lighthouse/${nodeId}/test` : `lighthouse/${nodeId}/${cause}`
  return {
    kind,
    key,
    id: `${key}/${openedMs}/${kind}/${severity}`,
    node: nodeId,
    cause,
    component: CAUSES[cause],
    severity,
    title: kind === 'test' ? 'This is a test of the alerts' : ROUTES[cause].title,
    detail: more.newest?.detail ?? alert.detail,
    metrics: more.newest?.metrics ?? alert.metrics,
    since: new Date(openedMs).toISOString(),
    ...(endedMs === undefined ? {} : { until: new Date(endedMs).toISOString() }),
    followers: more.followers,
    runbook: runbookAddress(cause, runbookUrl),
    ...(dashboardUrl === '' ? {} : { dashboard: dashboardUrl }),
    ...(more.told?.ref === undefined ? {} : { ref: more.told.ref }),
  }
}

export function digestNotice({ atMs, entries }: AlertDigest, { nodeId }: NoticeOrigin): DigestNotice {
  const lines = entries.map(({ cause, times, under }) => {
    const often = times === 1 ? 'once' : `${times} times`
    return `${ROUTES[cause].title} (${cause}): ${often}${under === undefined ? '' : `, because of ${under}`}`
  })
  const left = lines.length - MOST_LINES
  return {
    kind: 'digest',
    id: `lighthouse/${nodeId}/digest/${atMs}`,
    node: nodeId,
    at: new Date(atMs).toISOString(),
    lines: left > 0 ? [...lines.slice(0, MOST_LINES), `and ${left} more`] : lines,
  }
}

/** Only an address can be linked to; a path in the repository can be named. */
export function isAddress(runbook: string): boolean {
  return runbook.startsWith('http')
}
